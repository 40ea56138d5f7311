import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cruiseFloors } from '../../scripts/checks/floors.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'esteira-floors-'))
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }')
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

/** Writes a small tree and returns the names of the rules it breaks. */
async function brokenRules(files: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [file, text] of Object.entries(files)) {
    const place = path.join(root, 'src', file)
    mkdirSync(path.dirname(place), { recursive: true })
    writeFileSync(place, `${text}\n`)
  }
  const { cruised, faults } = await cruiseFloors(root)
  expect(cruised).toHaveLength(Object.keys(files).length)
  return [...new Set(faults.map((fault) => fault.split(':')[0] ?? ''))].toSorted()
}

describe('the floors', () => {
  it('let a stage use core and an earlier stage through their front doors', async () => {
    const rules = await brokenRules({
      'core/time/index.ts': 'export const now = 1',
      'stages/problem/index.ts': 'export const goal = 1',
      'stages/gate/judge.ts':
        "import { now } from '../../core/time/index.ts'\nimport { goal } from '../problem/index.ts'\nexport const sum = now + goal",
    })
    expect(rules).toEqual([])
  })

  it.each<[rule: string, what: string, files: Readonly<Record<string, string>>]>([
    [
      'floor-core',
      'core imports a stage',
      {
        'core/time/clock.ts': "import '../../stages/gate/index.ts'",
        'stages/gate/index.ts': 'export const a = 1',
      },
    ],
    [
      'floor-stages',
      'a stage imports only a type of a flow',
      {
        'stages/gate/judge.ts': "import type { A } from '../../flows/index.ts'\nexport type B = A",
        'flows/index.ts': 'export type A = 1',
      },
    ],
    [
      'stage-gate',
      'a stage imports a later one',
      {
        'stages/gate/judge.ts': "import '../tuning/index.ts'",
        'stages/tuning/index.ts': 'export const a = 1',
      },
    ],
    [
      'front-door',
      'a module is entered through a side door',
      {
        'stages/gate/judge.ts': "import '../../core/time/clock.ts'",
        'core/time/clock.ts': 'export const a = 1',
      },
    ],
    [
      'front-door-from-floor',
      'a flow enters a module through a side door',
      {
        'flows/run-belt.ts': "import '../stages/gate/judge.ts'",
        'stages/gate/judge.ts': 'export const a = 1',
      },
    ],
    [
      'front-door-of-flows',
      'a surface enters the flows through a side door',
      {
        'surfaces/cli/main.ts': "import '../../flows/run-belt.ts'",
        'flows/run-belt.ts': 'export const a = 1',
      },
    ],
    [
      'own-front-door',
      'a module imports its own front door',
      {
        'core/time/clock.ts': "import { a } from './index.ts'\nexport const b = a",
        'core/time/index.ts': 'export const a = 1',
      },
    ],
    [
      'no-cycle',
      'two files import each other, types included',
      {
        'core/time/a.ts': "import type { B } from './b.ts'\nexport type A = B",
        'core/time/b.ts': "import type { A } from './a.ts'\nexport type B = A | 1",
      },
    ],
    ['resolvable', 'an import leads nowhere', { 'core/time/a.ts': "import './nothing.ts'" }],
  ])('break %s when %s', async (rule, _, files) => {
    expect(await brokenRules(files)).toContain(rule)
  })
})
