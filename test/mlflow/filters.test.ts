import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIALECTS } from '../../src/testkit/index.ts'
import { openServer, type TestServer } from './open-server.ts'
import { clientPython, runClient } from './run-client.ts'

const MAKING_ENVIRONMENTS_MS = 900_000

/** MLflow finds nothing for a doubled quote, and overlooks that something is missing at the end. */
const OTHERWISE_ON_PURPOSE = ["runs params.quote = 'it''s'", "runs params.alpha = '0.1' and"]

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
    const { different } = facts as { different: Record<string, { server: unknown }> }
    expect(Object.keys(different)).toEqual(OTHERWISE_ON_PURPOSE)
    expect(different["runs params.alpha = '0.1' and"]?.server).toBe('INVALID_PARAMETER_VALUE')
    expect(served.faults).toEqual([])
  })
})
