import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { REASONS_PT_BR } from './texts/reasons-pt-br.ts'

const STAGES = path.join(import.meta.dirname, '../../stages')

/** Codes listed in `…_REASONS = [ … ] as const` anywhere below `stages/`. */
function declaredCodes(): string[] {
  const files = readdirSync(STAGES, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(path.join(STAGES, file), 'utf8')
      const lists = text.matchAll(/_REASONS = \[([^\]]*)\]/g)
      return [...lists].flatMap(([, list = '']) =>
        [...list.matchAll(/'([^']+)'/g)].map((m) => m[1] ?? ''),
      )
    })
}

test('every reason that a stage can give has a Portuguese sentence', () => {
  const codes = declaredCodes()
  expect(codes.length).toBeGreaterThan(80)
  expect(codes.filter((code) => REASONS_PT_BR[code] === undefined)).toEqual([])
})
