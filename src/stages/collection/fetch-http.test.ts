import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { projectSchema } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { fetchRaw } from './fetch-raw.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-http-'))
let engine: TableEngine
let artifacts: ArtifactStore
let address = ''
let requests: IncomingMessage[] = []
let answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void = () => {}

const server = createServer((request, response) => {
  requests.push(request)
  answer(request, response, new URL(request.url ?? '/', address))
})

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'duckdb') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  requests = []
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function fetchHttp(written: object, environment: Record<string, string> = {}) {
  const source = projectSchema.shape.sources.valueType.parse({
    kind: 'http-json',
    url: `${address}/rows`,
    retries: 2,
    ...written,
  })
  return fetchRaw({
    name: 'rows',
    source,
    projectFolder: folder,
    environment,
    engine,
    artifacts,
  })
}

async function rowsOf(written: object) {
  const raw = await fetchHttp(written)
  return engine.query(`SELECT * FROM read_parquet('${artifacts.pathOf(raw.table.digest)}')`)
}

/** Rows 1 … 7, `size` a page. */
function pageOf(page: number, size: number) {
  return Array.from({ length: 7 }, (_, i) => ({ i: i + 1 })).slice((page - 1) * size, page * size)
}

const ALL = [1, 2, 3, 4, 5, 6, 7].map((i) => ({ i }))

describe('paging', () => {
  it('counts pages until one is empty', async () => {
    answer = (_, response, url) =>
      json(response, {
        data: {
          rows: pageOf(Number(url.searchParams.get('p')), Number(url.searchParams.get('n'))),
        },
      })
    const paging = { by: 'page', parameter: 'p', sizeParameter: 'n', size: 3 }
    expect(await rowsOf({ items: 'data.rows', paging })).toEqual(ALL)
    expect(requests).toHaveLength(4)
  })

  it('follows tokens', async () => {
    answer = (_, response, url) => {
      const page = Number(url.searchParams.get('after') ?? 1)
      json(response, { rows: pageOf(page, 4), meta: { next: page < 2 ? page + 1 : null } })
    }
    const paging = { by: 'token', tokenPath: 'meta.next', parameter: 'after' }
    expect(await rowsOf({ items: 'rows', paging })).toEqual(ALL)
  })

  it('follows addresses on the same origin, and no others', async () => {
    answer = (_, response, url) => {
      const page = Number(url.searchParams.get('p') ?? 1)
      json(response, { rows: pageOf(page, 4), next: page < 2 ? '/rows?p=2' : undefined })
    }
    const paging = { by: 'next-url', urlPath: 'next' }
    expect(await rowsOf({ items: 'rows', paging })).toEqual(ALL)
    answer = (_, response) => json(response, { rows: [{ i: 1 }], next: 'http://localhost:9/rows' })
    await expect(fetchHttp({ items: 'rows', paging })).rejects.toMatchObject({
      code: 'SOURCE_ORIGIN_CHANGED',
      details: { target: 'http://localhost:9' },
    })
  })

  it('stops after the greatest number of pages', async () => {
    answer = (_, response) => json(response, [{ i: 1 }])
    await expect(fetchHttp({ paging: { by: 'page' }, maxPages: 3 })).rejects.toMatchObject({
      code: 'SOURCE_TOO_LARGE',
    })
    expect(requests).toHaveLength(3)
  })
})

describe('types', () => {
  it('finds columns that appear late, and decides types over all rows', async () => {
    answer = (_, response) =>
      json(response, [
        ...Array.from({ length: 3_000 }, (_, i) => ({ a: i, t: '2013-01-01T00:00:00' })),
        { a: 0.5, b: 'x', nothing: null },
      ])
    const raw = await fetchHttp({})
    const path = artifacts.pathOf(raw.table.digest)
    const columns = await engine.describe(`SELECT * FROM read_parquet('${path}')`)
    expect(columns).toEqual([
      { name: 'a', type: 'DOUBLE' },
      { name: 't', type: 'TIMESTAMP' },
      { name: 'b', type: 'VARCHAR' },
      { name: 'nothing', type: 'VARCHAR' },
    ])
  })

  it('needs declared columns where there are no rows', async () => {
    answer = (_, response) => json(response, [])
    await expect(fetchHttp({})).rejects.toMatchObject({ code: 'SOURCE_EMPTY' })
    expect((await fetchHttp({ types: { a: 'DOUBLE' } })).rows).toBe(0)
  })
})

describe('faults', () => {
  it('tries again after HTTP 500, waiting as long as it was asked to', async () => {
    answer = (_, response) => {
      if (requests.length > 1) return json(response, [{ i: 1 }])
      response.writeHead(503, { 'retry-after': '1' })
      response.end('later')
    }
    const started = performance.now()
    expect(await rowsOf({})).toEqual([{ i: 1 }])
    expect(performance.now() - started).toBeGreaterThan(990)
    expect(requests).toHaveLength(2)
  })

  it('gives up after its retries, and at once where trying again cannot help', async () => {
    answer = (_, response) => json(response, {}, 500)
    await expect(fetchHttp({})).rejects.toMatchObject({
      code: 'SOURCE_HTTP_STATUS',
      details: { httpStatus: 500, attempts: 3 },
    })
    requests = []
    answer = (_, response) => json(response, {}, 403)
    await expect(fetchHttp({})).rejects.toMatchObject({ details: { httpStatus: 403, attempts: 1 } })
    expect(requests).toHaveLength(1)
  })

  it('ends a request that gets no answer, or whose answer stops in the middle', async () => {
    answer = () => {}
    await expect(fetchHttp({ timeout: '150ms', retries: 1 })).rejects.toMatchObject({
      code: 'SOURCE_TIMED_OUT',
      details: { attempts: 2 },
    })
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('[{"i":')
      setTimeout(() => response.destroy(), 20)
    }
    await expect(fetchHttp({ retries: 0 })).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  it('says what is wrong with the shape of an answer, and where', async () => {
    answer = (_, response) => void response.end('<html>')
    await expect(fetchHttp({})).rejects.toMatchObject({
      code: 'SOURCE_RESPONSE_INVALID',
      details: { path: '$', expected: 'JSON' },
    })
    answer = (_, response) => json(response, { data: { rows: 7 } })
    await expect(fetchHttp({ items: 'data.rows' })).rejects.toMatchObject({
      details: { path: '$.data.rows', expected: 'an array of rows', got: 'a number' },
    })
    answer = (_, response) => json(response, [{ i: 1 }, 2])
    await expect(fetchHttp({})).rejects.toMatchObject({ details: { path: '$[1]' } })
  })

  it('follows a redirect on the same origin and refuses another, headers unsent', async () => {
    answer = (_, response, url) => {
      if (url.pathname === '/there') return json(response, [{ i: 1 }])
      response.writeHead(302, { location: '/there' })
      response.end()
    }
    expect(await rowsOf({})).toEqual([{ i: 1 }])
    answer = (_, response) => {
      response.writeHead(302, { location: address.replace('127.0.0.1', 'localhost') })
      response.end()
    }
    requests = []
    await expect(fetchHttp({})).rejects.toMatchObject({ code: 'SOURCE_ORIGIN_CHANGED' })
    expect(requests).toHaveLength(1)
  })

  it('sends secrets and tells them to nobody', async () => {
    answer = (request, response) =>
      request.headers.authorization === 'Bearer geheim'
        ? json(response, [{ i: 1 }])
        : json(response, {}, 401)
    const written = {
      url: `${address}/rows?key=\${env:KEY}&day=1`,
      headers: { authorization: `Bearer \${env:TOKEN}` },
    }
    const raw = await fetchHttp(written, { TOKEN: 'geheim', KEY: 'schluessel' })
    expect(requests[0]?.url).toContain('key=schluessel')
    expect(raw.origin).toBe(`${address}/rows?key=…&day=…`)
    const error: unknown = await fetchHttp(written, { TOKEN: 'falsch', KEY: 'schluessel' }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'SOURCE_HTTP_STATUS' })
    expect(JSON.stringify(error)).not.toMatch(/falsch|schluessel/)
  })

  it('names a server that is down', async () => {
    const down = { url: 'http://127.0.0.1:1/rows', retries: 1 }
    await expect(fetchHttp(down)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      details: { attempts: 2 },
    })
    await expect(fetchHttp({ url: 'ftp://host/rows' })).rejects.toMatchObject({
      code: 'SOURCE_CONNECTION_INVALID',
    })
  })
})
