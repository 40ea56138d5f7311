import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../core/time/index.ts'
import { type ArtifactFiles, openArtifactFiles } from '../../../platform/artifact-files/index.ts'
import { createTrackingStore, type TrackingStore } from '../../../platform/tracking/index.ts'
import { createModelCatalog, type ModelCatalog } from '../../../stages/registry/catalog/index.ts'
import { createTestDatabase, HOSTILE_PATHS } from '../../../testkit/index.ts'
import { memberOf } from '../fixtures/open-surface.ts'
import { mlflowPlugin } from '../mlflow-plugin.ts'
import { type ArtifactGuard, type ArtifactOptions, artifactRoutes } from './index.ts'

const BY = { name: 'ana', from: 'test' }
const API = '/api/2.0/mlflow-artifacts'
const opened: (() => unknown)[] = []

let folder: string
let files: ArtifactFiles
let tracking: TrackingStore
let catalog: ModelCatalog
let runId: string
/** Where the run's files are in the proxy. */
let root: string
let url: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-proxy-'))
  files = await openArtifactFiles(folder)
  const testDatabase = await createTestDatabase('sqlite')
  const database = await testDatabase.open()
  tracking = await createTrackingStore(database, {
    clock: systemClock,
    defaultArtifactRoot: 'mlflow-artifacts:/',
  })
  catalog = createModelCatalog(database, { clock: systemClock })
  opened.push(() => testDatabase.dispose())
  url = await open()
  const run = await tracking.createRun(BY, { experimentId: '0' })
  runId = run.id
  root = `0/${runId}/artifacts`
})

afterEach(async () => {
  for (const dispose of opened.splice(0).reverse()) await dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function open(
  options: Partial<ArtifactOptions> = {},
  guard: ArtifactGuard = () => {},
): Promise<string> {
  const app: FastifyInstance = fastify({ forceCloseConnections: true })
  const access = memberOf(['default'])
  await app.register(mlflowPlugin({ tracking, catalog, access }))
  await app.register(artifactRoutes({ files, tracking, catalog, guard, ...options }))
  opened.push(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

function put(path: string, body: string | Uint8Array<ArrayBuffer>, at = url) {
  return fetch(`${at}${API}/artifacts/${path}`, { method: 'PUT', body })
}

function get(path: string, headers: Record<string, string> = {}) {
  return fetch(`${url}${API}/artifacts/${path}`, { headers })
}

describe('the artifact proxy', () => {
  it('takes files, gives them back, lists and deletes them', async () => {
    const bytes = new Uint8Array(randomBytes(300_000))
    expect((await put(`${root}/a/model.bin`, bytes)).status).toBe(200)
    await put(`${root}/notes.txt`, 'hello')
    const back = await get(`${root}/a/model.bin`)
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true)
    expect(back.headers.get('content-length')).toBe('300000')
    const list = await fetch(`${url}${API}/artifacts?path=${root}`)
    expect(await list.json()).toEqual({
      files: [
        { path: 'a', is_dir: true },
        { path: 'notes.txt', is_dir: false, file_size: 5 },
      ],
    })
    const removed = await fetch(`${url}/ajax-api/2.0/mlflow-artifacts/artifacts/${root}/a`, {
      method: 'DELETE',
    })
    expect(await removed.json()).toEqual({})
    const gone = await get(`${root}/a/model.bin`)
    expect([gone.status, await gone.json()]).toEqual([
      404,
      expect.objectContaining({ error_code: 'RESOURCE_DOES_NOT_EXIST' }),
    ])
  })

  it('takes whatever the type says it is, also JSON and an empty file', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const body = '{"not": "parsed'
      const answer = await fetch(`${url}${API}/artifacts/${root}/f`, {
        method: 'PUT',
        body,
        headers: { 'content-type': type },
      })
      expect(answer.status).toBe(200)
      expect(await (await get(`${root}/f`)).text()).toBe(body)
    }
    await put(`${root}/empty`, '')
    expect((await get(`${root}/empty`)).headers.get('content-length')).toBe('0')
  })

  it('answers ranges and HEAD', async () => {
    await put(`${root}/digits`, '0123456789')
    const part = await get(`${root}/digits`, { range: 'bytes=2-4' })
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ])
    expect(await (await get(`${root}/digits`, { range: 'bytes=-3' })).text()).toBe('789')
    expect(await (await get(`${root}/digits`, { range: 'bytes=0-1,4-5' })).text()).toBe(
      '0123456789',
    )
    expect((await get(`${root}/digits`, { range: 'bytes=10-' })).status).toBe(416)
    const head = await fetch(`${url}${API}/artifacts/${root}/digits`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  })

  it('lets no browser run an artifact as a page of this server', async () => {
    for (const name of ['page.html', 'image.svg', 'noend', 'x.js', 'é";x="y.html']) {
      await put(`${root}/${encodeURIComponent(name)}`, '<script>alert(1)</script>')
      const { headers } = await get(`${root}/${encodeURIComponent(name)}`)
      expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[^"]*";/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain('sandbox')
    }
  })

  it('refuses hostile paths at every door', async () => {
    await put(`${root}/inside`, 'x')
    for (const path of [...HOSTILE_PATHS, `${root}/../../../x`]) {
      if (!path.isWellFormed()) continue
      const encoded = encodeURIComponent(path)
      for (const method of ['PUT', 'GET', 'HEAD', 'DELETE']) {
        const status = await statusOf(method, `${API}/artifacts/${encoded}`)
        expect({ path, method, status }).toEqual({ path, method, status: 400 })
      }
    }
    const raw = await rawRequest(`GET ${API}/artifacts/../../../../etc/passwd HTTP/1.1`)
    expect(raw).toMatch(/^HTTP\/1.1 40[04] /)
    const twice = await get(`${root}/%252e%252e%252fescape`)
    expect(twice.status).toBe(404)
    const listed = await fetch(`${url}/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=../..`)
    expect(listed.status).toBe(400)
  })

  it('takes no files for runs that do not exist, are deleted, or lie elsewhere', async () => {
    const stranger = '0'.repeat(32)
    for (const path of ['x', 'team/x', `0/${stranger}/artifacts/x`, `9/${runId}/artifacts/x`])
      expect({ path, status: (await put(path, 'x')).status }).toEqual({ path, status: 404 })
    await tracking.setRunLifecycle(BY, runId, 'deleted')
    expect((await put(`${root}/x`, 'x')).status).toBe(404)
    expect(readdirSync(folder)).toEqual(['.esteira-uploads'])
  })

  it('asks who may, by the run or logged model that owns a path', async () => {
    const other = await tracking.createExperiment(BY, { name: 'other', project: 'other' })
    const theirs = await tracking.createRun(BY, { experimentId: other.id })
    const model = await tracking.createLoggedModel(BY, { experimentId: other.id })
    const inside = await tracking.createExperiment(BY, {
      name: 'inside',
      project: 'default',
      artifactLocation: `mlflow-artifacts:/${other.id}/${theirs.id}/artifacts`,
    })
    const intruder = await tracking.createRun(BY, { experimentId: inside.id })
    const paths = [theirs.artifactUri, model.artifactUri].map((uri) => uri.slice(18))
    for (const path of paths) await put(`${path}/f`, 'theirs')
    const experiment = await tracking.experiment('0')
    const mine = await open({}, memberOf([experiment.project]).guard as ArtifactGuard)
    expect((await put(`${root}/x`, 'x', mine)).status).toBe(200)
    for (const path of [...paths, other.id, '', intruder.artifactUri.slice(18)])
      expect((await fetch(`${mine}${API}/artifacts?path=${path}`)).status).toBe(403)
    for (const path of paths) {
      expect((await put(`${path}/f`, 'x', mine)).status).toBe(403)
      expect((await fetch(`${mine}${API}/artifacts/${path}/f`)).status).toBe(403)
    }
    const asked = [
      `/get-artifact?run_uuid=${theirs.id}&path=f`,
      `/api/2.0/mlflow/artifacts/list?run_id=${theirs.id}`,
      `/api/2.0/mlflow/artifacts/list?run_id=${intruder.id}`,
      `/api/2.0/mlflow/logged-models/${model.id}/artifacts/directories`,
    ]
    for (const path of asked) expect((await fetch(`${mine}${path}`)).status).toBe(403)
  })

  it('keeps nothing of an upload whose sender goes away', async () => {
    const upload = httpRequest(`${url}${API}/artifacts/${root}/half`, {
      method: 'PUT',
      headers: { 'content-length': 10_000_000 },
    })
    upload.on('error', () => {})
    upload.write(Buffer.alloc(1_000_000))
    await expect.poll(() => readdirSync(join(folder, '.esteira-uploads')).length).toBe(1)
    upload.destroy()
    await expect.poll(() => readdirSync(join(folder, '.esteira-uploads')).length).toBe(0)
    expect((await get(`${root}/half`)).status).toBe(404)
  })

  it('refuses what is larger than the operator allows, announced or not', async () => {
    const small = await open({ maxFileBytes: 1000 })
    expect((await put(`${root}/a`, 'x'.repeat(1000), small)).status).toBe(200)
    expect((await put(`${root}/b`, 'x'.repeat(1001), small)).status).toBe(413)
    const chunked = httpRequest(`${small}${API}/artifacts/${root}/c`, { method: 'PUT' })
    chunked.on('error', () => {})
    chunked.write('x'.repeat(900))
    chunked.end('x'.repeat(900))
    const [answer] = await once(chunked, 'response')
    expect(answer.statusCode).toBe(413)
    expect(await files.stat(`${root}/c`)).toBe(undefined)
  })

  it('says go on to senders that ask first', async () => {
    const upload = httpRequest(`${url}${API}/artifacts/${root}/f`, {
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': 2 },
    })
    upload.flushHeaders()
    await once(upload, 'continue')
    upload.end('ok')
    const [answer] = await once(upload, 'response')
    expect(answer.statusCode).toBe(200)
  })
})

describe('uploads in parts', () => {
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${url}${API}/mpu/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const begin = async (parts: number) => {
    const { body } = await post(`create/${root}/big`, { path: '/tmp/model.bin', num_parts: parts })
    return body as { upload_id: string; credentials: { url: string; part_number: number }[] }
  }

  it('are put together when all parts are there', async () => {
    const parts = [randomBytes(70_000), randomBytes(70_000), randomBytes(10)]
    const { upload_id, credentials } = await begin(3)
    const sent = []
    for (const { url: address, part_number } of credentials) {
      const answer = await fetch(address, {
        method: 'PUT',
        body: new Uint8Array(parts[part_number - 1] ?? []),
      })
      sent.push({ part_number, etag: answer.headers.get('etag'), url: address })
    }
    const few = { path: '/tmp/model.bin', upload_id, parts: sent.slice(1) }
    expect((await post(`complete/${root}/big`, few)).status).toBe(400)
    const all = { path: '/tmp/model.bin', upload_id, parts: sent }
    expect(await post(`complete/${root}/big`, all)).toEqual({ status: 200, body: {} })
    const back = await get(`${root}/big/model.bin`)
    expect(digest(Buffer.from(await back.arrayBuffer()))).toBe(digest(Buffer.concat(parts)))
  })

  it('take parts at signed addresses alone, while they hold', async () => {
    const { credentials, upload_id } = await begin(1)
    const address = new URL(credentials[0]?.url ?? '')
    const send = async (changes: Record<string, string>) => {
      const changed = new URL(address)
      for (const [key, value] of Object.entries(changes)) changed.searchParams.set(key, value)
      return (await fetch(changed, { method: 'PUT', body: 'x' })).status
    }
    for (const changes of [{ path: 'x' }, { part: '2' }, { until: '9e15' }, { signature: 'x' }])
      expect(await send(changes)).toBe(403)
    expect(await send({})).toBe(200)
    await post(`abort/${root}/big`, { path: 'model.bin', upload_id })
    expect(await send({})).toBe(404)
    const late = await open({ nowMs: () => 0, secret: Buffer.from('s') })
    const now = await open({ secret: Buffer.from('s') })
    const made = await fetch(`${late}${API}/mpu/create/${root}`, {
      method: 'POST',
      body: JSON.stringify({ path: 'f', num_parts: 1 }),
      headers: { 'content-type': 'application/json' },
    })
    const { credentials: old } = (await made.json()) as { credentials: { url: string }[] }
    const expired = (old[0]?.url ?? '').replace(late, now)
    expect((await fetch(expired, { method: 'PUT', body: 'x' })).status).toBe(403)
  })

  it('refuse bad requests', async () => {
    for (const body of [
      {},
      { path: 'x', num_parts: 0 },
      { path: 'x', num_parts: 1e9 },
      { path: '..' },
      { path: '/tmp/' },
      [],
    ])
      expect((await post(`create/${root}`, body)).status).toBe(400)
    expect((await post(`create/0/${'0'.repeat(32)}/artifacts`, { path: 'x' })).status).toBe(404)
  })
})

describe('artifacts of runs, models and versions', () => {
  it('are listed and read by their owner', async () => {
    await put(`${root}/plots/roc.png`, 'png')
    await put(`${root}/a.txt`, 'text')
    const top = await fetch(`${url}/api/2.0/mlflow/artifacts/list?run_id=${runId}`)
    expect(await top.json()).toEqual({
      root_uri: `mlflow-artifacts:/${root}`,
      files: [
        { path: 'a.txt', is_dir: false, file_size: 4 },
        { path: 'plots', is_dir: true },
      ],
    })
    const below = await fetch(
      `${url}/ajax-api/2.0/mlflow/artifacts/list?run_id=${runId}&path=plots`,
    )
    expect(await below.json()).toMatchObject({ files: [{ path: 'plots/roc.png' }] })
    const file = await fetch(`${url}/get-artifact?run_uuid=${runId}&path=plots/roc.png`)
    expect(await file.text()).toBe('png')
  })

  it('are read by logged model and by version', async () => {
    const model = await tracking.createLoggedModel(BY, { experimentId: '0' })
    await put(`${model.artifactUri.slice(18)}/MLmodel`, 'flavors: {}')
    const directories = await fetch(
      `${url}/api/2.0/mlflow/logged-models/${model.id}/artifacts/directories`,
    )
    expect(await directories.json()).toMatchObject({ files: [{ path: 'MLmodel', file_size: 11 }] })
    const page = `${url}/ajax-api/2.0/mlflow/logged-models/${model.id}/artifacts/files`
    expect(await (await fetch(`${page}?artifact_file_path=MLmodel`)).text()).toBe('flavors: {}')
    await catalog.createModel(BY, { name: 'churn', project: 'default' })
    await catalog.createVersion(BY, {
      model: 'churn',
      source: `models:/${model.id}`,
      artifactUri: model.artifactUri,
      user: 'ana',
    })
    const version = `${url}/model-versions/get-artifact?name=churn&version=1&path=MLmodel`
    expect(await (await fetch(version)).text()).toBe('flavors: {}')
  })

  it('come in pages when a folder is huge', async () => {
    for (let at = 0; at < 1_005; at++)
      await files.put(`${root}/many/${at}`, (await import('node:stream')).Readable.from([]))
    const list = async (token = '') => {
      const query = `run_id=${runId}&path=many&page_token=${token}`
      return (await (await fetch(`${url}/api/2.0/mlflow/artifacts/list?${query}`)).json()) as {
        files: unknown[]
        next_page_token?: string
      }
    }
    const first = await list()
    expect(first.files).toHaveLength(1_000)
    expect((await list(first.next_page_token)).files).toHaveLength(5)
  })
})

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** As a client sends it that does not tidy the path up before. */
async function statusOf(method: string, path: string): Promise<number | undefined> {
  const { port } = new URL(url)
  const sent = httpRequest({ host: '127.0.0.1', port, method, path })
  sent.end(method === 'PUT' ? 'x' : undefined)
  const [answer] = await once(sent, 'response')
  answer.resume()
  return answer.statusCode
}

async function rawRequest(line: string): Promise<string> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}
