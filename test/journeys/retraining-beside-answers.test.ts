import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStoredWatch } from '../serving/fixtures/stored-watch.ts'
import { churnProject, csvOf, customers } from './fixtures/churn.ts'
import {
  documentOf,
  processesOf,
  type Running,
  startEsteira,
  untilProcessesEnd,
} from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'

const TIMEOUT = 120_000
const { asOf: _, ...project } = churnProject({
  monitoring: { window: '2s', minRows: 10 },
  retraining: { triggers: [{ on: 'schedule', every: '1s' }], cooldown: '1s', mode: 'all' },
})

/** A server whose project is trained again, on rows that came since, at its first look. */
async function retraining() {
  const folder = projectFolder({
    'customers.csv': csvOf(customers(1_500)),
    'esteira.config.json': project,
  })
  await documentOf(folder, ['run'])
  writeFiles(folder, { 'customers.csv': csvOf(customers(1_600)) })
  const server = startEsteira(folder, ['serve', '--port', '0'])
  const address = (await server.printed(/answers at (http:\S+?),/))[1] ?? ''
  const watch = await openStoredWatch(
    path.join(folder, '.esteira/metadata.db'),
    'watch/churn/churn',
  )
  const begun = server.printed(/snapshot customers/).then(() => true)
  try {
    // The first look may find that no window is over yet.
    while (!(await Promise.race([begun, sleep(1_000, false)]))) await watch.hurry()
  } finally {
    await watch.close()
  }
  return { folder, server, address }
}

async function end({ child, ended }: Running, signal: 'SIGTERM' | 'SIGKILL') {
  child.kill(signal)
  return ended
}

test(
  'the server answers and says how far the retraining is',
  async () => {
    const { folder, server, address } = await retraining()
    await server.printed(/train trees/)
    expect((await fetch(`${address}/health/live`)).status).toBe(200)
    await server.printed(/register/)
    let outcomes: unknown[] = []
    while (outcomes.length === 0) {
      outcomes = await documentOf<unknown[]>(folder, ['show', 'retraining-outcome'])
    }
    expect(outcomes).not.toContainEqual(expect.objectContaining({ result: 'failed' }))
    const { code, err } = await end(server, 'SIGTERM')
    expect(code).toBe(0)
    expect(err).not.toContain('watching failed')
    expect(processesOf(folder)).toEqual([])
  },
  TIMEOUT,
)

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'after %s nobody goes on training, and the decision stays',
  async (signal) => {
    const { folder, server } = await retraining()
    await server.printed(/train/)
    expect(processesOf(folder).length).toBeGreaterThan(1)
    const { err } = await end(server, signal)
    expect(err).not.toContain('watching failed')
    await untilProcessesEnd(folder)
    expect(processesOf(folder)).toEqual([])
    expect(await documentOf<unknown[]>(folder, ['show', 'retraining-outcome'])).toEqual([])
  },
  TIMEOUT,
)
