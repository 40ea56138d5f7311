import { afterAll, beforeAll, expect, it } from 'vitest'
import { PlatformError } from '../../core/errors/index.ts'
import { createTestDatabase, type TestDatabase } from '../../testkit/index.ts'
import { ANYBODY, openSurface, type Surface } from './fixtures/open-surface.ts'
import { MLFLOW_ROUTES } from './route-table.ts'

const by = { name: 'setup', from: 'test' }
const RUN = 'a'.repeat(32)
const denied = {
  status: 403,
  exit: 'usage',
  blame: 'caller',
  message: () => 'You may not.',
  hint: () => 'Ask.',
} as const

let database: TestDatabase
let surface: Surface
let asked: string[]
let fields: Record<string, unknown>

beforeAll(async () => {
  database = await createTestDatabase('sqlite')
  surface = await openSurface(await database.open(), {
    ...ANYBODY,
    guard: (_request, permission) => {
      asked.push(permission)
      throw new PlatformError('DENIED', denied, {})
    },
    readableProjects: () => [],
  })
  const { tracking, catalog } = surface
  const experiment = await tracking.createExperiment(by, { name: 'there', project: 'default' })
  await tracking.createRun(by, { experimentId: experiment.id, id: RUN })
  const model = await tracking.createLoggedModel(by, { experimentId: experiment.id })
  await catalog.createModel(by, { name: 'm', project: 'default' })
  const source = `models:/${model.id}`
  const version = { model: 'm', source, artifactUri: model.artifactUri, user: 'setup' }
  await catalog.createVersion(by, version)
  await catalog.setAlias(by, { model: 'm', alias: 'champion', version: 1 })
  fields = {
    experiment_id: experiment.id,
    experiment_ids: [experiment.id],
    experiment_name: 'there',
    new_name: 'new',
    name: 'm',
    version: '1',
    alias: 'champion',
    stage: 'Archived',
    source,
    run_id: RUN,
    run_ids: [RUN],
    model_id: model.id,
    metric_key: 'k',
    key: 'k',
    value: '1',
    timestamp: 1,
    status: 2,
    model_json: '{}',
  }
})
afterAll(async () => {
  await surface.app.close()
  await database.dispose()
})

const guarded = MLFLOW_ROUTES.filter(({ permission }) => permission !== undefined)

it.each(guarded.map((route) => [route.method, route.path, route] as const))(
  '%s %s asks for the permission that the table names, and finds nothing without it',
  async (method, path, route) => {
    asked = []
    const inPath = path.replace(':model_id', String(fields.model_id)).replace(':tag_key', 'k')
    const query = new URLSearchParams(
      Object.entries(fields).map(([field, value]): [string, string] => [field, String(value)]),
    )
    const url = `/ajax-api/${route.version}/mlflow/${inPath}`
    const reply = await surface.app.inject({
      method,
      url: method === 'GET' ? `${url}?${query}` : url,
      ...(method === 'GET' ? {} : { payload: fields }),
    })
    if (path.endsWith('/search')) {
      // A search looks at readable projects only, and there are none.
      expect(reply.statusCode).toBe(200)
      expect(Object.values(reply.json()).flat()).toEqual([])
      return
    }
    expect([reply.statusCode, reply.json().error_code]).toEqual([403, 'PERMISSION_DENIED'])
    expect(asked).toEqual([route.permission])
  },
)
