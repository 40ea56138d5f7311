import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS, type TestDatabase } from '../../testkit/index.ts'
import { memberOf, openSurface, type Surface } from './fixtures/open-surface.ts'
import { MLFLOW_ROUTES } from './route-table.ts'

describe.each(DIALECTS)('the MLflow surface on %s', (dialect) => {
  let database: TestDatabase
  let surface: Surface
  let experiment: string
  let run: string

  beforeAll(async () => {
    database = await createTestDatabase(dialect)
    surface = await openSurface(await database.open())
    experiment = await newExperiment('made before all')
    run = await newRun(experiment)
  })
  afterAll(async () => {
    await surface.app.close()
    await database.dispose()
  })

  async function newExperiment(name: string, headers = {}): Promise<string> {
    const { body } = await surface.post('experiments/create', { name }, headers)
    return String(body.experiment_id)
  }

  async function newRun(experimentId: string): Promise<string> {
    const { body } = await surface.post('runs/create', { experiment_id: experimentId })
    return (body as { run: { info: { run_id: string } } }).run.info.run_id
  }

  it('has the first experiment from the start', async () => {
    const { status, body } = await surface.get('experiments/get?experiment_id=0')
    expect(status).toBe(200)
    expect(body.experiment).toMatchObject({ name: 'Default', lifecycle_stage: 'active' })
  })

  it('answers below both prefixes, and what the server can do below version 3', async () => {
    for (const prefix of ['/api', '/ajax-api']) {
      const url = `${prefix}/2.0/mlflow/experiments/get?experiment_id=0`
      expect((await surface.app.inject(url)).statusCode).toBe(200)
      const info = await surface.app.inject(`${prefix}/3.0/mlflow/server-info`)
      expect(info.json()).toMatchObject({
        store_type: 'SqlStore',
        multipart_uploads_enabled: false,
      })
    }
  })

  it('logs a batch and gives it back, numbers without a word in JSON included', async () => {
    const at = 1_700_000_000_000
    const logged = await surface.post('runs/log-batch', {
      run_id: run,
      metrics: [
        { key: 'loss', value: 0.25, timestamp: at, step: '3' },
        { key: 'lost', value: 'NaN', timestamp: String(at) },
      ],
      params: [{ key: 'depth', value: '3' }],
      tags: [{ key: 'kind', value: 'a' }],
      unknown: { fields: 'are ignored' },
    })
    expect(logged).toEqual({ status: 200, body: {} })
    const { body } = await surface.get(`runs/get?run_id=${run}`)
    const { data, info } = (body as { run: { data: unknown; info: unknown } }).run
    expect(data).toMatchObject({
      metrics: expect.arrayContaining([
        { key: 'loss', value: 0.25, timestamp: at, step: 3 },
        { key: 'lost', value: 'NaN', timestamp: at, step: 0 },
      ]),
      params: [{ key: 'depth', value: '3' }],
      tags: expect.arrayContaining([{ key: 'kind', value: 'a' }]),
    })
    expect(info).toMatchObject({ run_id: run, run_uuid: run, status: 'RUNNING' })
    expect((await surface.get(`runs/get?run_uuid=${run}`)).status).toBe(200)
  })

  it('takes statuses and views by name or number, as protobuf writes them', async () => {
    const other = await newRun(experiment)
    const { body } = await surface.post('runs/update', { run_id: other, status: 3 })
    expect(body.run_info).toMatchObject({ status: 'FINISHED' })
    await surface.post('runs/delete', { run_id: other })
    const search = { experiment_ids: [experiment], run_view_type: 2 }
    const found = await surface.post('runs/search', search)
    expect(found.body.runs).toMatchObject([{ info: { run_id: other, lifecycle_stage: 'deleted' } }])
    const wrong = await surface.post('runs/update', { run_id: run, status: 'DONE' })
    expect(wrong.body.message).toContain("parameter 'status': expected one of RUNNING")
  })

  it('reads lists from a query, one value or many', async () => {
    for (const order of ['order_by=name', 'order_by=name&order_by=experiment_id']) {
      const { status, body } = await surface.get(`experiments/search?max_results=1&${order}`)
      expect(status).toBe(200)
      expect(body.experiments).toHaveLength(1)
      expect(body.next_page_token).toEqual(expect.any(String))
    }
  })

  it.each([
    ['experiments/get?experiment_id=987654', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['experiments/get-by-name?experiment_name=none', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['runs/get?run_id=none', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['runs/get', 400, 'INVALID_PARAMETER_VALUE'],
    ['registered-models/get?name=none', 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['model-versions/get?name=none&version=one', 400, 'INVALID_PARAMETER_VALUE'],
    ['experiments/search?max_results=0', 400, 'INVALID_PARAMETER_VALUE'],
    ['experiments/search?max_results=many', 400, 'INVALID_PARAMETER_VALUE'],
    ['experiments/search?filter=name%20%3D', 400, 'INVALID_PARAMETER_VALUE'],
    ['experiments/search?page_token=forged', 400, 'INVALID_PARAMETER_VALUE'],
    ['experiments/get?experiment_id=0%00', 400, 'INVALID_PARAMETER_VALUE'],
    ['traces/t-1', 404, 'ENDPOINT_NOT_FOUND'],
    ['no/such/thing', 404, 'ENDPOINT_NOT_FOUND'],
    ['runs/create', 404, 'ENDPOINT_NOT_FOUND'],
  ])('GET %s is answered %i %s', async (path, status, code) => {
    const answer = await surface.get(path)
    expect([answer.status, answer.body.error_code]).toEqual([status, code])
    expect(answer.body.message).toEqual(expect.stringMatching(/.{10,}/))
  })

  it.each([
    ['[]'],
    ['"text"'],
    ['nonsense'],
    ['{"run_id": 5}'],
    ['{"run_id": {"a": 1}}'],
    ['{"__proto__": {"run_id": "x"}}'],
    ['{"constructor": {"prototype": {"run_id": "x"}}}'],
    ['{"run_id": "a\\u0000b"}'],
    [`{"run_id": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['{"run_id": "x", "metrics": 1e999}'],
  ])('a hostile body is refused: %.40s', async (body) => {
    for (const path of ['runs/log-batch', 'runs/update', 'runs/create', 'experiments/create']) {
      const answer = await surface.post(path, body)
      // An unknown field is ignored, so that a run may come to be of an odd body.
      if (path === 'runs/create' && answer.status === 200) continue
      expect([400, 404]).toContain(answer.status)
    }
    expect(surface.faults).toEqual([])
  })

  it('takes an empty body for an empty object, and no other type than JSON', async () => {
    const empty = await surface.post('experiments/search', '')
    expect(empty.status).toBe(200)
    const headers = { 'content-type': 'text/plain' }
    const typed = await surface.post('experiments/search', '{}', headers)
    expect([typed.status, typed.body.error_code]).toEqual([415, 'INVALID_PARAMETER_VALUE'])
    const huge = await surface.post('experiments/search', ' '.repeat(5_000_000))
    expect(huge.status).toBe(413)
  })

  it('says that a name is taken, as the client asks for it', async () => {
    await surface.post('registered-models/create', { name: 'taken' })
    for (const [path, name] of [
      ['experiments/create', 'made before all'],
      ['registered-models/create', 'taken'],
    ] as const) {
      const answer = await surface.post(path, { name })
      expect([answer.status, answer.body.error_code]).toEqual([400, 'RESOURCE_ALREADY_EXISTS'])
    }
  })

  it('refuses prompts and orders it has no answer for, instead of a wrong success', async () => {
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]
    const prompt = await surface.post('registered-models/create', { name: 'p', tags })
    expect([prompt.status, prompt.body.error_code]).toEqual([501, 'NOT_IMPLEMENTED'])
    const order = await surface.post('logged-models/search', {
      experiment_ids: [experiment],
      order_by: [{ field_name: 'metrics.a', dataset_name: 'd' }],
    })
    expect(order.body.error_code).toBe('NOT_IMPLEMENTED')
  })

  it('registers versions of what belongs to a run, a logged model or another version', async () => {
    const { body } = await surface.get(`runs/get?run_id=${run}`)
    const root = (body as { run: { info: { artifact_uri: string } } }).run.info.artifact_uri
    await surface.post('registered-models/create', { name: 'sources' })
    const create = (source: string, more = {}) =>
      surface.post('model-versions/create', { name: 'sources', source, ...more })
    expect((await create(`${root}/m`, { run_id: run })).body.model_version).toMatchObject({
      version: '1',
      run_id: run,
      current_stage: 'None',
    })
    const model = await surface.post('logged-models', {
      experiment_id: experiment,
      name: 'clf',
      source_run_id: run,
    })
    const { info } = (model.body as { model: { info: { model_id: string; artifact_uri: string } } })
      .model
    const made = await create(`models:/${info.model_id}`)
    expect(made.body.model_version).toMatchObject({ model_id: info.model_id, run_id: run })
    const uri = await surface.get('model-versions/get-download-uri?name=sources&version=2')
    expect(uri.body).toEqual({ artifact_uri: info.artifact_uri })
    expect((await create('models:/sources/2')).body.model_version).toMatchObject({ version: '3' })
    const told = await surface.get(`logged-models/${info.model_id}`)
    expect(JSON.stringify(told.body)).toContain('mlflow.modelVersions')
    for (const [source, more] of [
      [`${root}/m`, {}],
      [`${root}/../other`, { run_id: run }],
      ['mlflow-artifacts:/0/other', { run_id: run }],
      ['/etc/passwd', { run_id: run }],
      ['http://169.254.169.254/', {}],
      ['s3://other/bucket', {}],
      ['models:/sources', {}],
      ['runs:/none/m', { run_id: run }],
    ] as const) {
      const answer = await create(source, more)
      expect([source, answer.body.error_code]).toEqual([source, 'INVALID_PARAMETER_VALUE'])
    }
    expect((await create('s3://team-bucket/m')).status).toBe(200)
  })

  it('answers every mistake in every route without a fault of its own', async () => {
    const values = [
      undefined,
      null,
      '',
      'x',
      '0',
      0,
      -1,
      1e308,
      true,
      [],
      {},
      ['x'],
      [{}],
      'é'.repeat(9_000),
    ]
    const fields = [
      'experiment_id',
      'experiment_ids',
      'name',
      'run_id',
      'key',
      'value',
      'filter',
      'order_by',
      'max_results',
      'page_token',
      'version',
      'stage',
      'alias',
      'source',
      'tags',
      'params',
      'metrics',
      'models',
      'datasets',
      'status',
      'model_json',
      'metric_key',
      'run_ids',
      'timestamp',
    ]
    let seed = 7
    const pick = <T>(list: readonly T[]): T | undefined => {
      seed = (seed * 48_271) % 2_147_483_647
      return list[seed % list.length]
    }
    for (const route of MLFLOW_ROUTES) {
      for (let times = 0; times < 12; times++) {
        const body = Object.fromEntries(fields.map((field) => [field, pick(values)]))
        const url = `/ajax-api/${route.version}/mlflow/${route.path.replace(/:\w+/g, 'm-1')}`
        const isQuery = route.method === 'GET'
        const query = new URLSearchParams(
          fields.map((field): [string, string] => [field, String(pick(values))]),
        )
        const reply = await surface.app.inject({
          method: route.method,
          url: isQuery ? `${url}?${query}` : url,
          ...(isQuery ? {} : { payload: body }),
        })
        expect([url, reply.statusCode, reply.statusCode < 500 || reply.statusCode === 501]).toEqual(
          [url, reply.statusCode, true],
        )
        expect(reply.json()).toEqual(expect.any(Object))
      }
    }
    expect(surface.faults).toEqual([])
  })
})

describe('projects', () => {
  let database: TestDatabase
  let surface: Surface
  beforeAll(async () => {
    database = await createTestDatabase('sqlite')
    surface = await openSurface(await database.open(), memberOf(['north']))
    const by = { name: 'bo', from: 'test' }
    const { id } = await surface.tracking.createExperiment(by, { name: 'theirs', project: 'south' })
    await surface.tracking.createRun(by, { experimentId: id, id: 'f'.repeat(32) })
    await surface.catalog.createModel(by, { name: 'their model', project: 'south' })
  })
  afterAll(async () => {
    await surface.app.close()
    await database.dispose()
  })

  it('hold what is created, by default or by the workspace header', async () => {
    const mine = await surface.post('experiments/create', { name: 'mine' })
    expect(mine.status).toBe(200)
    expect(await surface.tracking.findExperimentByName('mine')).toMatchObject({ project: 'north' })
    for (const [header, status] of [
      ['north', 200],
      ['south', 403],
      ['../x', 400],
    ] as const) {
      const headers = { 'x-mlflow-workspace': header }
      const name = `in ${header}`
      const answer = await surface.post('experiments/create', { name }, headers)
      expect([header, answer.status]).toEqual([header, status])
    }
  })

  it('hide what is found and refuse what is named', async () => {
    const found = await surface.get('experiments/search')
    expect(JSON.stringify(found.body)).not.toContain('theirs')
    expect(JSON.stringify((await surface.get('registered-models/search')).body)).not.toContain(
      'their',
    )
    const theirs = await surface.tracking.findExperimentByName('theirs')
    const runs = await surface.post('runs/search', { experiment_ids: [theirs?.id] })
    expect(runs.body.runs).toEqual([])
    for (const answer of [
      await surface.get('experiments/get-by-name?experiment_name=theirs'),
      await surface.get(`runs/get?run_id=${'f'.repeat(32)}`),
      await surface.get('registered-models/get?name=their%20model'),
      await surface.post('runs/log-metric', {
        run_id: 'f'.repeat(32),
        key: 'a',
        value: 1,
        timestamp: 1,
      }),
      await surface.post('logged-models', { experiment_id: theirs?.id }),
    ]) {
      expect([answer.status, answer.body.error_code]).toEqual([403, 'PERMISSION_DENIED'])
    }
  })
})
