/**
 * What a remembered step costs: the belt's own overhead when nothing has to be computed again.
 * Run with `node bench/warm-step.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { openDatabase } from '../src/platform/database/index.ts'
import { createStepRunner, type StepDefinition } from '../src/platform/orchestration/index.ts'
import { openArtifactStore, openRecordStore } from '../src/platform/storage/index.ts'

const STEPS = 200
const ROUNDS = 20

const outputSchema = z.strictObject({
  rows: z.number(),
  digest: z.string(),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string(), missing: z.number() })),
})
type Output = z.output<typeof outputSchema>

function step(index: number, digest: string): StepDefinition<Output> {
  const columns = Array.from({ length: 30 }, (_, i) => ({
    name: `column_${i}`,
    type: 'DOUBLE',
    missing: i / 30,
  }))
  return {
    stage: 'collection',
    name: `step ${index}`,
    codeVersion: 1,
    inputs: { index, columns, policy: { folds: 3, seed: 7, metrics: ['auc', 'brier'] } },
    output: outputSchema,
    artifacts: (output) => [output.digest],
    run: async () => ({ rows: index, digest, columns }),
  }
}

/** The value below which the share `p` of the sorted times lies. */
function quantile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN
}

const folder = mkdtempSync(join(tmpdir(), 'esteira-bench-'))
try {
  const database = await openDatabase({ url: join(folder, 'metadata.db') })
  const store = openRecordStore(database, { project: 'bench' })
  const artifacts = openArtifactStore(join(folder, 'artifacts'))
  const runner = createStepRunner({ store, artifacts })
  const { digest } = await artifacts.putBytes('a table', { name: 'table' })
  const timings: Record<'cold' | 'warm', number[]> = { cold: [], warm: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    for (let index = 0; index < STEPS; index++) {
      const definition = step(index, digest)
      const started = performance.now()
      const { cached } = await runner.run(definition)
      timings[cached ? 'warm' : 'cold'].push(performance.now() - started)
    }
  }
  await database.close()
  console.table(
    Object.entries(timings).map(([kind, times]) => {
      const sorted = times.toSorted((a, b) => a - b)
      const ms = (p: number) => Number(quantile(sorted, p).toFixed(3))
      return {
        step: kind,
        runs: times.length,
        'median ms': ms(0.5),
        'p95 ms': ms(0.95),
        'p99 ms': ms(0.99),
      }
    }),
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
