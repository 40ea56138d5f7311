import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type ArtifactFacts,
  type ArtifactFiles,
  artifactFileErrors,
  type ByteRange,
} from '../../../platform/artifact-files/index.ts'
import { contentHeaders } from './content-headers.ts'

/**
 * Streams a file to the caller: whole, or the one range asked for.
 * @throws ARTIFACT_FILE_MISSING, ARTIFACT_RANGE_INVALID
 */
export async function sendArtifact(
  files: ArtifactFiles,
  path: string,
  exchange: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const { request, reply } = exchange
  if (request.method === 'HEAD') return sendFacts(await factsOf(files, path), reply)
  const asked = request.headers.range
  if (asked === undefined) return sendWhole(files, path, reply)
  const facts = await factsOf(files, path)
  const range = parseRange(asked, facts)
  if (range === undefined || isStale(request.headers['if-range'], facts))
    return sendWhole(files, path, reply)
  const { stream, bytes, ...now } = await files.get(path, { range })
  const end = Math.min(range.end ?? bytes - 1, bytes - 1)
  return reply
    .code(206)
    .headers({
      ...headersOf({ ...now, bytes }),
      'content-length': end - range.start + 1,
      'content-range': `bytes ${range.start}-${end}/${bytes}`,
    })
    .send(stream)
}

async function sendWhole(files: ArtifactFiles, path: string, reply: FastifyReply) {
  const { stream, ...facts } = await files.get(path)
  return reply.headers(headersOf(facts)).send(stream)
}

/** An empty stream would hide the length: HEAD ends without a body of its own. */
function sendFacts(facts: ArtifactFacts, reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.raw.writeHead(200, { ...textHeaders(reply.getHeaders()), ...headersOf(facts) })
  reply.raw.end()
  return reply
}

function textHeaders(headers: ReturnType<FastifyReply['getHeaders']>) {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

async function factsOf(files: ArtifactFiles, path: string): Promise<ArtifactFacts> {
  const facts = await files.stat(path)
  if (facts === undefined)
    throw artifactFileErrors.ARTIFACT_FILE_MISSING({ path, place: 'the artifact store' })
  return facts
}

function headersOf(facts: ArtifactFacts): Record<string, string | number> {
  return {
    ...contentHeaders(facts.path),
    'content-length': facts.bytes,
    etag: facts.etag,
    'last-modified': new Date(facts.lastModifiedMs).toUTCString(),
  }
}

function isStale(condition: string | string[] | undefined, facts: ArtifactFacts): boolean {
  return condition !== undefined && condition !== facts.etag
}

/** One range of bytes; anything else is answered with the whole file, as HTTP allows. */
function parseRange(header: string, { path, bytes }: ArtifactFacts): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? []
  if (first === '' && last === '') return undefined
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first)
  const end = first === '' || last === '' ? undefined : Number(last)
  const isEmptySuffix = first === '' && Number(last) === 0
  if (start >= bytes || isEmptySuffix || (end !== undefined && end < start))
    throw artifactFileErrors.ARTIFACT_RANGE_INVALID({ path, got: header, bytes })
  return { start, end }
}
