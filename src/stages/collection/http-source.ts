import type { Source } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { errors } from './errors.ts'
import type { Extracted, Extraction } from './extraction.ts'
import { type HttpRequester, requestPage } from './http-page.ts'
import { firstPage, nextPage } from './http-paging.ts'
import { jsonAt, jsonKind } from './json-path.ts'
import { retry } from './retry.ts'
import { openRowFile } from './row-file.ts'
import { rowFileSelect } from './row-file-select.ts'
import { addressSecrets, publicAddress, resolveSecret } from './secrets.ts'

export type HttpSource = Extract<Source, { kind: 'http-json' }>
type Row = Record<string, unknown>

/** Reads all pages of an HTTP interface that answers JSON, one page in memory at a time. */
export async function writeHttpJson(extraction: Extraction<HttpSource>): Promise<Extracted> {
  const { source, name, engine, target, signal } = extraction
  const { requester, url } = prepare(extraction)
  const { origin } = requester
  const file = openRowFile(`${extraction.folder}/rows.jsonl`)
  try {
    let page: URL | null = firstPage(source.paging, url)
    for (let number = 1; page !== null; number++) {
      if (number > source.maxPages) {
        const limit = source.maxPages
        throw errors.SOURCE_TOO_LARGE({ source: name, origin, what: 'pages', limit })
      }
      const address: URL = page
      const body = await retry(() => requestPage(requester, address), {
        retries: source.retries,
        signal,
      })
      const rows = rowsOf(requester, body, source.items)
      file.write(rows)
      extraction.progress(0, `page ${number}, ${file.rows} rows`)
      page = nextPage({ paging: source.paging, requester, address, body, rows: rows.length })
    }
  } finally {
    file.close()
  }
  const select = await rowFileSelect({ engine, source: name, origin, file, types: source.types })
  return { rows: await engine.writeParquet(select, target), origin }
}

function prepare(extraction: Extraction<HttpSource>): { requester: HttpRequester; url: URL } {
  const { source, name, environment, signal } = extraction
  const address = resolveSecret(source.url, environment, name)
  const secrets = [...address.secrets, ...addressSecrets(address.text)]
  const headers: Record<string, string> = {}
  for (const [header, template] of Object.entries(source.headers)) {
    headers[header] = resolveSecret(template, environment, name).text
    secrets.push(headers[header], ...resolveSecret(template, environment, name).secrets)
  }
  const url = URL.canParse(address.text) ? new URL(address.text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw errors.SOURCE_CONNECTION_INVALID({
      source: name,
      reason: 'it is no http:// or https:// address',
    })
  }
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    url.username = ''
    url.password = ''
  }
  return {
    url,
    requester: {
      source: name,
      origin: publicAddress(source.url),
      headers,
      secrets,
      timeoutMs: durationMs(source.timeout),
      signal,
    },
  }
}

function rowsOf(requester: HttpRequester, body: unknown, path: string): Row[] {
  const items = jsonAt(body, path)
  const invalid = (at: string, expected: string, value: unknown) =>
    errors.SOURCE_RESPONSE_INVALID({
      source: requester.source,
      origin: requester.origin,
      path: at,
      expected,
      got: jsonKind(value),
    })
  const base = path === '' ? '$' : `$.${path}`
  if (!Array.isArray(items)) throw invalid(base, 'an array of rows', items)
  return items.map((item: unknown, index) => {
    if (!isRow(item)) throw invalid(`${base}[${index}]`, 'an object', item)
    return item
  })
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
