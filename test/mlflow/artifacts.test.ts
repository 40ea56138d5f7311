import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServer, type TestServer } from './open-server.ts'
import { CLIENTS, clientPython, runClient } from './run-client.ts'

const PASSWORD = 'correct horse battery'

describe.each(CLIENTS)('the MLflow %s client', { timeout: 180_000 }, (version) => {
  let served: TestServer
  beforeAll(async () => {
    await clientPython(version)
    served = await openServer('sqlite', { requireLogin: true })
    const { access } = served.server.context
    const by = { name: 'test', from: 'test' }
    await access.createUser({ name: 'ana', password: PASSWORD }, by)
    await access.grantRole({ account: 'ana', role: 'contributor', project: 'default' }, by)
  }, 900_000)
  afterAll(() => served.dispose())

  it('sends big files in parts and gets everything back, with a login', async () => {
    const facts = await runClient({
      version,
      program: 'artifacts.py',
      url: served.url,
      environment: { MLFLOW_TRACKING_USERNAME: 'ana', MLFLOW_TRACKING_PASSWORD: PASSWORD },
    })
    expect(facts).toMatchObject({
      same: true,
      top: [
        ['parts', true],
        ['texts', true],
      ],
      below: [
        ['texts/a b.txt', 5],
        ['texts/c+d.json', expect.any(Number)],
      ],
      text: 'hello',
      files: 3,
      deleted: ['texts'],
      alarms: [],
    })
    expect(served.faults).toEqual([])
  })
})
