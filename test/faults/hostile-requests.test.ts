import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/platform/database/index.ts'
import { DIALECTS } from '../../src/testkit/index.ts'
import { rawRequest } from './fixtures/raw-request.ts'
import { mlflow, newExperiment, newRun, send } from './fixtures/requests.ts'
import { openScene, type Scene } from './fixtures/scene.ts'
import type { ServerProcess } from './fixtures/server-process.ts'

const TABLES = [
  ...['experiments', 'experiment_tags', 'runs', 'run_tags', 'run_parameters', 'metrics'],
  ...['catalog_models', 'catalog_versions', 'logged_models', 'accounts', 'api_tokens'],
]

const HOSTILE_LOCATIONS = [
  ...['file:///etc/passwd', '/etc/passwd', 'file://169.254.169.254/x', '\\\\host\\share\\x'],
  ...['http://169.254.169.254/latest/meta-data', 'http://localhost:1', 'https://10.0.0.1/x'],
  ...['gopher://x/y', 's3://other-bucket/x', 'gs://x/y', 'dbfs:/x', 'C:\\windows', 'ftp://x/y'],
  ...[
    'mlflow-artifacts://other-host/x',
    'mlflow-artifacts:/../../etc',
    'mlflow-artifacts:/%2e%2e/x',
  ],
  ...['mlflow-artifacts:/a%252e%252e/../x', 'mlflow-artifacts:/a\0b', 'data:text/plain,x'],
]

const HOSTILE_FILTERS = [
  ...["' OR 1=1 --", "name = 'a' OR 1=1", "name = 'a'; DROP TABLE runs", "name = 'a' /* x */"],
  ...["name = 'a' UNION SELECT 1", 'name = ‘a’', "name = 'a\0'", "metrics.`a' OR '1'='1` >", '('],
  ...['tags.`a`` OR 1=1 --` = ', 'name = "a" --', 'name LIKE', "x.y.z = 'a'", '1=1'],
]

const PROXY = '/api/2.0/mlflow-artifacts/artifacts'

describe.each(DIALECTS)('hostile requests to a server on %s', (dialect) => {
  let scene: Scene
  let server: ServerProcess
  let database: Database
  let experimentId = ''
  let runId = ''

  beforeAll(async () => {
    scene = await openScene(dialect)
    server = await scene.start()
    database = await scene.database.open()
    experimentId = await newExperiment(server.url, 'victim')
    runId = await newRun(server.url, experimentId)
    await mlflow(server.url)('registered-models/create', { name: 'victim' })
  })
  afterAll(() => scene.dispose())

  async function rows() {
    const counts = TABLES.map(async (table) => {
      const {
        rows: [row],
      } = await sql<{ count: number }>`SELECT count(*) AS count FROM ${sql.table(table)}`.execute(
        database.queries,
      )
      return [table, row?.count]
    })
    return Object.fromEntries(await Promise.all(counts))
  }

  /** Each is refused with a coded error, and the database is as before. */
  async function expectRefused(
    answers: () => Promise<readonly { status: number; text: string }[]>,
  ) {
    const before = await rows()
    for (const [i, { status, text }] of (await answers()).entries()) {
      expect([i, status, text.slice(0, 300)]).toEqual([
        i,
        expect.toSatisfy(isRefusal),
        expect.stringMatching(/"(error_code|code)":"[A-Z_]+"/),
      ])
    }
    expect(await rows()).toEqual(before)
    expect(server.errors()).toBe('')
  }

  const isRefusal = (status: number) => status >= 400 && status < 500
  const answered = async (url: string, sending: Parameters<typeof send>[1]) => {
    const { status, body } = await send(`${server.url}${url}`, sending)
    return { status, text: JSON.stringify(body) }
  }

  it('write and read nothing outside of the artifacts', async () => {
    const outside = path.join(scene.folder, 'outside')
    mkdirSync(outside)
    writeFileSync(path.join(outside, 'secret.txt'), 'secret')
    const own = path.join(scene.folder, 'mlartifacts', experimentId, runId, 'artifacts')
    mkdirSync(own, { recursive: true })
    symlinkSync(outside, path.join(own, 'link'))
    const below = `${experimentId}/${runId}/artifacts`
    const up = '../'.repeat(8)
    const paths = [
      ...[
        `${below}/../../../../outside/new.txt`,
        `${below}/${up}etc/passwd`,
        `/${below}//etc/passwd`,
      ],
      ...[
        `${below}/..%2f..%2f..%2f..%2foutside/new.txt`,
        `${below}/%2e%2e/%2e%2e/x`,
        '/etc/passwd',
      ],
      ...[`${below}/a%00b`, `${below}/a\\..\\b`, '%2fetc%2fpasswd'],
      ...['C:/x', `${below}/${'n'.repeat(5_000)}`, `${below}/link/new.txt`, `${below}/.`],
      ...[
        `${below}/link/secret.txt`,
        `${below}/%5c%5chost%5cshare`,
        `${below}/%c0%ae%c0%ae/x`,
        '..',
      ],
    ]
    await expectRefused(() =>
      Promise.all(
        ['PUT', 'GET', 'DELETE'].flatMap((method) =>
          paths.map((hostile) =>
            rawRequest(
              server.url,
              `${method} ${PROXY}/${hostile} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
            ),
          ),
        ),
      ),
    )
    expect(readdirSync(outside)).toEqual(['secret.txt'])
    // Decoded once, as everywhere: an odd name, but a name below the run.
    const odd = `${server.url}${PROXY}/${below}/%252e%252e/x`
    expect((await send(odd, { method: 'PUT', body: 'x' })).status).toBe(200)
    expect(readdirSync(path.join(own, '%2e%2e'))).toEqual(['x'])
  })

  it('cannot name places on the machine or its network', async () => {
    await expectRefused(() =>
      Promise.all(
        HOSTILE_LOCATIONS.flatMap((location, i) => [
          answered('/api/2.0/mlflow/experiments/create', {
            body: { name: `hostile ${i}`, artifact_location: location },
          }),
          answered('/api/2.0/mlflow/model-versions/create', {
            body: { name: 'victim', source: location },
          }),
        ]),
      ),
    )
  })

  it('reach no SQL through the filter grammar', async () => {
    await expectRefused(() =>
      Promise.all(
        HOSTILE_FILTERS.flatMap((filter) => [
          answered('/api/2.0/mlflow/runs/search', {
            body: { experiment_ids: [experimentId], filter },
          }),
          answered('/api/2.0/mlflow/experiments/search', { body: { filter, max_results: 5 } }),
          answered(
            `/api/2.0/mlflow/model-versions/search?filter=${encodeURIComponent(filter)}`,
            {},
          ),
          answered(`/api/v1/models?filter=${encodeURIComponent(filter)}`, {}),
        ]),
      ),
    )
  })

  it('are refused for bodies that are no honest JSON', async () => {
    const deep = `{"name":${'['.repeat(200)}${']'.repeat(200)}}`
    const bodies: readonly (string | Uint8Array)[] = [
      ...[deep, '{"name":', '[]', '"x"', 'null', '{"name":1e400}', '{"name":["a"]}', ''],
      ...['{"__proto__":{"name":"x"}}', '{"constructor":{"prototype":{"name":"x"}}}'],
      ...['{"name":"a\\u0000b"}', '{"name":"tagged","tags":{"a\\u0000":"b"}}'],
      Buffer.from([0x7b, 0x22, 0x6e, 0x61, 0x6d, 0x65, 0x22, 0x3a, 0x22, 0xff, 0xfe]),
    ]
    await expectRefused(() =>
      Promise.all(
        bodies.flatMap((body) => [
          answered('/api/v1/experiments', { method: 'POST', body }),
          answered('/api/2.0/mlflow/experiments/create', { method: 'POST', body }),
        ]),
      ),
    )
    await expectRefused(() =>
      Promise.all(
        [
          'text/plain',
          'application/xml',
          'multipart/form-data; boundary=x',
          'a/b; charset=\u00ff',
        ].map((type) =>
          answered('/api/v1/experiments', {
            body: '{"name":"typed"}',
            headers: { 'content-type': type },
          }),
        ),
      ),
    )
  })

  it('are refused when a proxy might read them otherwise', async () => {
    const line = 'POST /api/v1/experiments HTTP/1.1\r\nHost: 127.0.0.1\r\n'
    const json = 'Content-Type: application/json\r\n'
    const requests = [
      `${line}${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x`,
      `${line}${json}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{"a":`,
      `${line}${json}Transfer-Encoding: xchunked\r\n\r\n{}`,
      `${line}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
      `${line}${json}Content-Length: -1\r\n\r\n{}`,
      `${line}${json} X: folded\r\nContent-Length : 2\r\n\r\n{}`,
      `GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      `GET /api/v1/me?${'x'.repeat(70_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
      'GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      // Twenty megabytes are announced: refused before they are sent.
      `${line}${json}Content-Length: 20000000\r\n\r\n{"name":"`,
      'GET /api/v1/me HTTP/9.9\r\n\r\n',
      'nonsense\r\n\r\n',
    ]
    await expectRefused(() => Promise.all(requests.map((bytes) => rawRequest(server.url, bytes))))
  })

  it("reach nothing of another project with a token of one's own", async () => {
    const api = (route: string, body: unknown, method = 'POST') =>
      send(`${server.url}/api/v1${route}`, { method, body })
    await api('/accounts', { kind: 'service-account', name: 'stranger' })
    await api('/projects/elsewhere/roles/stranger', { role: 'admin' }, 'PUT')
    const made = await api('/tokens', { account: 'stranger', name: 'own' })
    const headers = { authorization: `Bearer ${String(made.body.text)}` }
    const below = `${experimentId}/${runId}/artifacts`
    await expectRefused(() =>
      Promise.all([
        ...[`/experiments/${experimentId}`, `/runs/${runId}`, `/models/victim`].flatMap((route) => [
          answered(`/api/v1${route}`, { headers }),
          answered(`/api/v1${route}`, { method: 'DELETE', headers }),
        ]),
        answered(`/api/v1/runs/${runId}/log`, { headers, body: { tags: { a: 'b' } } }),
        answered('/api/v1/accounts', { headers }),
        answered('/api/v1/audit', { headers }),
        answered(`/api/2.0/mlflow/runs/get?run_id=${runId}`, { headers }),
        answered('/api/2.0/mlflow/runs/delete', { headers, body: { run_id: runId } }),
        answered('/api/2.0/mlflow/runs/create', { headers, body: { experiment_id: experimentId } }),
        answered('/api/2.0/mlflow/registered-models/delete', {
          method: 'DELETE',
          headers,
          body: { name: 'victim' },
        }),
        answered(`${PROXY}/${below}/x.txt`, { method: 'PUT', headers, body: 'x' }),
        answered(`${PROXY}/${below}/x.txt`, { headers }),
        answered(`${PROXY}?path=${below}`, { headers }),
      ]),
    )
    const found = await send(`${server.url}/api/v1/runs`, { headers })
    expect(found.body).toMatchObject({ items: [] })
  })
})
