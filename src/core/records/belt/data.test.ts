import { expect, test } from 'vitest'
import { inputColumnSchema } from './data.ts'

test('an input may have any name but the one that objects cannot hold', () => {
  const named = (name: string) => inputColumnSchema.safeParse({ name, kind: 'number', view: null })
  for (const name of ['distance', 'constructor', 'toString', 'prototype', 'día útil', '']) {
    expect(named(name).success).toBe(true)
  }
  expect(named('__proto__').error?.issues[0]?.message).toBe('a name other than "__proto__"')
})
