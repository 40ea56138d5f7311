import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext } from '../api-context.ts'
import { readableProjects } from '../caller.ts'

const LOOK_EVERY_MS = 300
const COMMENT_EVERY_MS = 15_000
const EVENTS_AT_ONCE = 500

/**
 * Live progress of belts as server-sent events (WHATWG HTML, section 9.2): each with its sequence
 * number as id, so that a client that comes back says `Last-Event-ID` and misses nothing. Without
 * one, what happens from now on.
 */
export async function streamProgress(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { project } = request.query as { readonly project?: string }
  const readable = readableProjects({ request })
  const projects = project === undefined ? readable : [project]
  let sequence = await startOf(context, request)
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  raw.write(': progress of belts\n\n')
  let open = true
  raw.once('close', () => {
    open = false
  })
  let quietMs = 0
  while (open) {
    const events = await eventsAfter(context, sequence, projects)
    for (const { sequence: id, json } of events) {
      sequence = id
      raw.write(`id: ${id}\nevent: progress\ndata: ${json}\n\n`)
    }
    quietMs = events.length > 0 ? 0 : quietMs + LOOK_EVERY_MS
    if (quietMs >= COMMENT_EVERY_MS) {
      // Proxies end connections that are silent for long.
      raw.write(': still here\n\n')
      quietMs = 0
    }
    if (events.length < EVENTS_AT_ONCE) await pause(LOOK_EVERY_MS, raw)
  }
}

function pause(ms: number, raw: FastifyReply['raw']): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      raw.off('close', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    raw.once('close', end)
  })
}

async function startOf(context: ApiContext, request: FastifyRequest): Promise<number> {
  const last = request.headers['last-event-id']
  if (typeof last === 'string' && /^\d{1,15}$/.test(last)) return Number(last)
  const row = await context.database.queries
    .selectFrom('progress_events')
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .executeTakeFirst()
  return Number(row?.newest ?? 0)
}

async function eventsAfter(
  { database }: ApiContext,
  sequence: number,
  projects: readonly string[] | undefined,
) {
  if (projects !== undefined && projects.length === 0) return []
  const after = database.queries
    .selectFrom('progress_events')
    .select(['sequence', 'json'])
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(EVENTS_AT_ONCE)
  return (projects === undefined ? after : after.where('project', 'in', projects)).execute()
}
