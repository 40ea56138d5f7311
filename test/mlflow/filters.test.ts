import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIALECTS } from '../../src/testkit/index.ts'
import { openServer, type TestServer } from './open-server.ts'
import { clientPython, runClient } from './run-client.ts'

const MAKING_ENVIRONMENTS_MS = 900_000

describe.each(DIALECTS)('on %s', { timeout: 180_000 }, (dialect) => {
  let served: TestServer
  beforeAll(async () => {
    await clientPython('3')
    served = await openServer(dialect)
  }, MAKING_ENVIRONMENTS_MS)
  afterAll(() => served.dispose())

  it("filters and orders give what MLflow's own store gives for the same data", async () => {
    const facts = await runClient({ version: '3', program: 'filters.py', url: served.url })
    expect(facts.questions).toBeGreaterThan(110)
    expect(facts.different).toEqual({})
    expect(served.faults).toEqual([])
  })
})
