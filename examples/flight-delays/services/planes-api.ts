import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readParquet } from './read-parquet.ts'

/** A running API: its address, and a way to end it that waits until the port is free. */
export interface PlanesApi {
  readonly url: string
  stop(): Promise<void>
}

const LARGEST_PAGE = 1_000

interface Answer {
  readonly status: number
  readonly body: unknown
}

/**
 * The aircraft register as a paged JSON API on this machine only:
 * `GET /planes?page=1&size=500` answers `{page, size, total, planes: […]}`, the pages in order of
 * tail number, an empty list after the last.
 */
export async function startPlanesApi(parquet: string): Promise<PlanesApi> {
  const planes = await readParquet(parquet, 'SELECT * FROM rows ORDER BY tailnum')
  const server = createServer((request, response) => send(response, answer(request, planes)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') {
    throw new Error('the planes API listens on no port')
  }
  return {
    url: `http://127.0.0.1:${address.port}/planes`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

function answer(request: IncomingMessage, planes: readonly unknown[]): Answer {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (url.pathname !== '/planes') return failed(404, `no such resource: ${url.pathname}`)
  if (request.method !== 'GET') return failed(405, `${request.method} is not allowed: use GET`)
  const page = wholeNumber(url.searchParams.get('page') ?? '1')
  const size = wholeNumber(url.searchParams.get('size') ?? '100')
  if (page === undefined) return failed(400, 'page: a whole number from 1')
  if (size === undefined || size > LARGEST_PAGE) {
    return failed(400, `size: a whole number from 1 to ${LARGEST_PAGE}`)
  }
  const rows = planes.slice((page - 1) * size, page * size)
  return { status: 200, body: { page, size, total: planes.length, planes: rows } }
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return value >= 1 ? value : undefined
}

function failed(status: number, error: string): Answer {
  return { status, body: { error } }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}
