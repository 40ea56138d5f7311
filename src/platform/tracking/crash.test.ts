import { spawn } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase, DIALECTS } from '../../testkit/index.ts'
import { createTrackingStore } from './create-tracking-store.ts'

const ROUNDS = 3
const LEAST_WRITES = 100

function fileText(name: string): string {
  return JSON.stringify(new URL(name, import.meta.url).href)
}

/** Twenty loggers write for ever; each prints `run step` after a batch that was acknowledged. */
const WRITER = `
import { writeSync } from 'node:fs'
import { openDatabase } from ${fileText('../database/index.ts')}
import { createTrackingStore } from ${fileText('./create-tracking-store.ts')}
const [url] = process.argv.slice(-1)
const store = await createTrackingStore(await openDatabase({ url, connections: 4 }), {
  clock: { now: () => 1 },
  defaultArtifactRoot: 'mlflow-artifacts:/',
})
const by = { name: 'writer', from: 'test' }
await Promise.all(Array.from({ length: 20 }, async () => {
  const { id } = await store.createRun(by, { experimentId: '0' })
  for (let step = 0; ; step++) {
    await store.logBatch(by, id, {
      metrics: ['a', 'b', 'c'].map((key) => ({ key, value: step, timestampMs: step, step })),
      parameters: [{ key: 'p' + step, value: String(step) }],
      tags: { newest: String(step) },
    })
    writeSync(1, id + ' ' + step + '\\n')
  }
}))`

/** Lets the writer acknowledge some batches, and kills it a random moment later. */
function writeAndKill(url: string): Promise<readonly string[]> {
  const enough = LEAST_WRITES + Math.floor(Math.random() * 200)
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, '--', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      printed += text
      if (printed.split('\n').length > enough) child.kill('SIGKILL')
    })
    child.on('error', reject)
    // What was printed up to the last whole line was acknowledged.
    child.on('close', () => resolve(printed.slice(0, printed.lastIndexOf('\n')).split('\n')))
  })
}

describe.each(DIALECTS)('after kill -9 on %s', (dialect) => {
  it('every acknowledged batch is there, whole', { timeout: 120_000 }, async () => {
    const scene = await createTestDatabase(dialect)
    onTestFinished(() => scene.dispose())
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await writeAndKill(scene.url)
      expect(acknowledged.length).toBeGreaterThanOrEqual(LEAST_WRITES)
      const newest = new Map<string, number>()
      for (const line of acknowledged) {
        const [id = '', step] = line.split(' ')
        newest.set(id, Number(step))
      }
      const store = await createTrackingStore(await scene.open(), {
        clock: { now: () => 1 },
        defaultArtifactRoot: 'mlflow-artifacts:/',
      })
      for (const [id, step] of newest) {
        // Waits for the row, should PostgreSQL still be at work for the dead writer.
        await store.setRunLifecycle({ name: 'reader', from: 'test' }, id, 'active')
        const run = await store.run(id)
        const kept = run.parameters.length
        // One batch a logger may have been kept without being acknowledged, but no half of one.
        expect([step + 1, step + 2]).toContain(kept)
        for (const key of ['a', 'b', 'c']) {
          const { items } = await store.metricHistory({ runId: id, key })
          expect(items).toHaveLength(kept)
        }
        expect(run.metrics.map(({ step }) => step)).toEqual([kept - 1, kept - 1, kept - 1])
        expect(run.tags.newest).toBe(String(kept - 1))
      }
    }
  })
})
