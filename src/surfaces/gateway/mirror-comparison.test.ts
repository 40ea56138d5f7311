import { describe, expect, test } from 'vitest'
import { compareAnswers } from './mirror-comparison.ts'

describe('comparing answers', () => {
  const answer = (output: number[], decision: boolean | null = null) => ({ output, decision })

  test('gives the mean absolute difference and whether the decision is another', () => {
    const found = compareAnswers(
      [answer([0.25, 0.75], true), answer([0.5, 0.5], true)],
      [answer([0.5, 0.5], false), answer([0.5, 0.5], true)],
    )
    expect(found).toEqual([
      { difference: 0.25, changed: true },
      { difference: 0, changed: false },
    ])
  })

  test('goes by the likeliest class where nothing is decided, and by nothing for a value', () => {
    const classes = compareAnswers([answer([0.2, 0.5, 0.3])], [answer([0.5, 0.2, 0.3])])
    expect(classes[0]?.changed).toBe(true)
    expect(compareAnswers([answer([3])], [answer([5])])).toEqual([{ difference: 2, changed: null }])
  })

  test('refuses answers of another shape, and numbers that are none', () => {
    expect(() => compareAnswers([answer([1])], [answer([1, 2])])).toThrow('2 numbers a row')
    expect(() => compareAnswers([answer([1])], [])).toThrow('0 rows instead of 1')
    expect(() => compareAnswers([answer([1])], [answer([Number.NaN])])).toThrow('no finite')
  })
})
