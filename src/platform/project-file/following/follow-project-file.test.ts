import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Project } from '../../../core/records/index.ts'
import { type FollowedProjectFile, followProjectFile } from './follow-project-file.ts'

let folder = ''
let followed: FollowedProjectFile | undefined
/** What was told, in order: the batch size, or the reason of a refusal. */
let told: (number | string)[] = []
let wake = () => {}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-follow-'))
  told = []
})
afterEach(async () => {
  await followed?.close()
  rmSync(folder, { recursive: true })
})

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text)
}

const project = (rows: string) => `{
  name: 'churn',
  problem: { statement: 'Who leaves?', type: 'binary-classification', target: 'left_us' },
  sources: { customers: { kind: 'csv', path: 'customers.csv' } },
  dataset: { sql: 'SELECT * FROM customers', id: 'id', inputs: ['age'] },
  gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.5 }] },
  deployment: { maxBatchRows: ${rows} },
}`

function follow(): void {
  const tell = (what: number | string) => {
    told.push(what)
    wake()
  }
  followed = followProjectFile({
    place: folder,
    everyMs: 20,
    onProject: ({ deployment }: Project) => tell(deployment.maxBatchRows),
    onRefused: tell,
  })
}

async function toldTimes(count: number): Promise<readonly (number | string)[]> {
  while (told.length < count) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  return told
}

it('tells what the file says in the beginning, after a change, and after one of what it imports', async () => {
  write('rows.ts', 'export const rows = 10\n')
  write('esteira.config.ts', `import { rows } from './rows.ts'\nexport default ${project('rows')}`)
  follow()
  expect(await toldTimes(1)).toEqual([10])
  write('rows.ts', 'export const rows = 200\n')
  expect(await toldTimes(2)).toEqual([10, 200])
  write('esteira.config.ts', `export default ${project('3000')}`)
  expect(await toldTimes(3)).toEqual([10, 200, 3_000])
})

it('refuses in one line what does not fit, and goes on when the cure is in an imported file', async () => {
  write('esteira.config.ts', `export default ${project('10')}`)
  follow()
  await toldTimes(1)
  write('rows.ts', 'export const rows = -1\n')
  write('esteira.config.ts', `import { rows } from './rows.ts'\nexport default ${project('rows')}`)
  const [, refused] = await toldTimes(2)
  expect(refused).toMatch(/^[^\n]*maxBatchRows[^\n]*$/)
  write('rows.ts', 'export const rows = 5000\n')
  expect((await toldTimes(3)).at(-1)).toBe(5_000)
})

it.each([
  ['ends the process', 'process.exit(7)', /ended with 7 and no answer/],
  ['throws', 'throw new Error("no such luck")', /no such luck/],
])('survives a file that %s', async (_, line, reason) => {
  write('esteira.config.ts', `export default ${project('10')}`)
  follow()
  await toldTimes(1)
  write('esteira.config.ts', `${line}\nexport default ${project('20')}`)
  expect((await toldTimes(2)).at(-1)).toMatch(reason)
  write('esteira.config.ts', `export default ${project('30')}`)
  expect((await toldTimes(3)).at(-1)).toBe(30)
})

it('reads at once when asked, changed or not', async () => {
  write('esteira.config.json', JSON.stringify({}))
  follow()
  expect((await toldTimes(1)).at(0)).toMatch(/esteira\.config\.json/)
  await followed?.read()
  expect(told).toHaveLength(2)
})
