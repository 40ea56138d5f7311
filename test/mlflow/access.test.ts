import { afterAll, beforeAll, expect, it } from 'vitest'
import { openServer, type TestServer } from './open-server.ts'
import { clientPython, runClient } from './run-client.ts'

const MAKING_ENVIRONMENTS_MS = 900_000
const PASSWORD = 'correct horse battery'
const by = { name: 'setup', from: 'test' }

let served: TestServer
let token: string

beforeAll(async () => {
  await clientPython('3')
  served = await openServer('sqlite', { requireLogin: true })
  const { access } = served.server.context
  for (const name of ['writer', 'reader']) {
    await access.createUser({ name, password: PASSWORD }, by)
  }
  await access.grantRole({ account: 'writer', project: 'north', role: 'contributor' }, by)
  await access.grantRole({ account: 'reader', project: 'south', role: 'viewer' }, by)
  const made = await access.createToken({ account: 'writer', name: 'test' }, by)
  token = made.text
}, MAKING_ENVIRONMENTS_MS)
afterAll(() => served.dispose())

it('the client logs in by password and by token, and is told what it may not', async () => {
  const facts = await runClient({
    version: '3',
    program: 'access.py',
    url: served.url,
    environment: {
      TEST_WRITER: 'writer',
      TEST_READER: 'reader',
      TEST_PASSWORD: PASSWORD,
      TEST_TOKEN: token,
    },
  })
  expect(facts).toMatchObject({
    nobody: 'UNAUTHENTICATED',
    wrongPassword: 'UNAUTHENTICATED',
    wrongToken: 'UNAUTHENTICATED',
    basic: 1,
    artifact: 'by basic',
    bearer: 2,
    seen: [],
    read: 'PERMISSION_DENIED',
    write: 'PERMISSION_DENIED',
    create: 'PERMISSION_DENIED',
    upload: 'HTTP 403',
    promote: 'RESOURCE_DOES_NOT_EXIST',
    runs: 0,
    otherWorkspace: 'PERMISSION_DENIED',
    ownWorkspace: { returned: 'True' },
    alarms: [],
  })
  expect(served.faults).toEqual([])
}, 180_000)
