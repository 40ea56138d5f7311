import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openTableEngine } from '../storage/index.ts'
import { compactLog } from './compact-log.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { readManifest } from './manifest.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import { isCompactionDue, planMerge } from './plan-compaction.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-parquet-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const START = Date.UTC(2024, 0, 1)

/** The README's own query, on another folder. */
function readmeQuery(folder: string): string {
  const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  const sql = /```sql\n([\s\S]+?)```/.exec(readme)?.[1] ?? ''
  return sql.replace('predictions/parquet', join(folder, 'parquet'))
}

describe('the Parquet files', () => {
  it('are few, sorted by time, and answer the query of the README', async () => {
    const folder = join(root, 'many')
    for (let round = 0; round < 20; round++) {
      const log = await openPredictionLog(folder, { compacts: false })
      await log.append(
        Array.from({ length: 50 }, (_, i) =>
          sampleEntry(`p${round}-${i}`, START + ((round * 7_919 + i * 104_729) % 100_000)),
        ),
      )
      await log.close()
      await compactLog(folder)
    }
    const { files } = await readManifest(folder)
    expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(1_000)
    expect(files.length).toBeLessThan(10)
    const engine = await openTableEngine({ temporaryFolder: join(root, 'spill') })
    for (const { name, fromMs, toMs } of files) {
      const path = join(folder, 'parquet', name)
      const { t } = await engine.columns(
        `SELECT epoch_ms(time)::DOUBLE AS t FROM read_parquet('${path}')`,
      )
      const times = [...(t?.values ?? [])].map(Number)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect([times[0], times.at(-1)]).toEqual([fromMs, toMs])
    }
    // What the manifest does not name any more goes with the next run.
    await compactLog(folder)
    expect(readdirSync(join(folder, 'parquet')).toSorted()).toEqual(
      (await readManifest(folder)).files.map(({ name }) => name).toSorted(),
    )
    expect(await engine.query(readmeQuery(folder))).toEqual([
      {
        version: 1,
        predictions: 1_000,
        mean_probability: expect.closeTo(0.9, 9),
        mean_distance: 1_400.5,
      },
    ])
    await engine.close()
  }, 60_000)

  it('are made by a process of its own once enough was written', async () => {
    const folder = join(root, 'background')
    const troubles: unknown[] = []
    const onTrouble = (error: unknown) => troubles.push(error)
    const log = await openPredictionLog(folder, { journalBytes: 1_000, onTrouble })
    const text = 'x'.repeat(1_000)
    for (let i = 0; i < 40; i++) await log.append([sampleEntry(`p${i}`, i, { inputs: { text } })])
    for (let look = 0; look < 300 && (await readManifest(folder)).files.length === 0; look++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect((await readManifest(folder)).files.length).toBeGreaterThan(0)
    expect(await log.count('delays')).toBe(40)
    expect(troubles).toEqual([])
    await log.close()
  }, 60_000)

  it('need DuckDB only where they are read or made', () => {
    const program = `
      import { openPredictionLog } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      const log = await openPredictionLog(process.argv[1], { compacts: false })
      await log.appendLabels([{ id: 'a', label: '1', timeMs: 1 }])
      const loaded = () => process.report.getReport().sharedObjects.some((path) => /duckdb/.test(path))
      const before = loaded()
      await log.count('e')
      console.log(JSON.stringify([before, loaded()]))
      await log.close()`
    const run = [...['--input-type=module', '-e', program], join(root, 'lazy')]
    const { stdout } = spawnSync(process.execPath, run, { encoding: 'utf8' })
    expect(JSON.parse(stdout)).toEqual([false, true])
  })
})

describe('planning a compaction', () => {
  const file = (kind: 'predictions' | 'labels', bytes: number, n: number) => ({
    ...{ name: `${kind}-${n}`, kind, rows: 1, bytes, fromMs: 0, toMs: 0 },
  })
  const some = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, n) => file('predictions', bytes, n))

  it('waits for enough files or bytes', () => {
    const journals = (count: number, bytes: number) =>
      Array.from({ length: count }, () => ({ bytes }))
    expect(isCompactionDue(journals(31, 1))).toBe(false)
    expect(isCompactionDue(journals(32, 1))).toBe(true)
    expect(isCompactionDue(journals(5, 8 * 1_048_576))).toBe(false)
    expect(isCompactionDue(journals(6, 8 * 1_048_576))).toBe(true)
  })

  it('merges eight of one kind and of like size, and leaves large ones alone', () => {
    expect(planMerge([...some(7, 10), file('labels', 10, 0)])).toBeUndefined()
    expect(planMerge(some(9, 10))).toHaveLength(8)
    expect(planMerge([...some(7, 10), ...some(7, 40_000_000)])).toBeUndefined()
    expect(planMerge(some(20, 300_000_000))).toBeUndefined()
  })
})
