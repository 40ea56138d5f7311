import { API_PREFIX } from '../api-contract/index.ts'
import { type ClientOptions, send } from './transport.ts'

/** One event of a belt. */
export interface Progress {
  /** Rising; give the last one seen as `after` to miss nothing. */
  readonly sequence: number
  readonly project: string
  readonly event: Readonly<Record<string, unknown>>
}

export interface ProgressWanted {
  readonly project?: string | undefined
  readonly after?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Server-sent events of `/progress`; a lost connection is opened again where it broke. */
export async function* readProgress(
  options: ClientOptions,
  wanted: ProgressWanted,
): AsyncGenerator<Progress> {
  let last = wanted.after
  while (!isOver(wanted)) {
    const body = await openStream(options, { ...wanted, after: last })
    try {
      for await (const progress of eventsOf(body)) {
        last = progress.sequence
        yield progress
      }
    } catch (error) {
      // What a broken connection looks like; anything else is a fault.
      if (!isOver(wanted) && !(error instanceof TypeError)) throw error
    }
  }
}

function isOver({ signal }: ProgressWanted): boolean {
  return signal?.aborted === true
}

async function openStream(
  options: ClientOptions,
  { project, after, signal }: ProgressWanted & { readonly after: number | undefined },
): Promise<ReadableStream<Uint8Array>> {
  const query = project === undefined ? '' : `?project=${encodeURIComponent(project)}`
  const response = await send(options, {
    method: 'GET',
    path: `${API_PREFIX}/progress${query}`,
    headers: {
      accept: 'text/event-stream',
      ...(after === undefined ? {} : { 'last-event-id': String(after) }),
    },
    signal,
    repeatable: true,
  })
  return response.body ?? new ReadableStream()
}

/** Events end with an empty line; lines that begin with a colon are comments. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Progress> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const progress = progressOf(block)
      if (progress !== undefined) yield progress
    }
  }
}

function progressOf(block: string): Progress | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, Math.max(at, 0)), line.slice(at + 2)] as const
    }),
  )
  const data = fields.get('data')
  if (data === undefined) return undefined
  const { project, event } = JSON.parse(data) as Omit<Progress, 'sequence'>
  return { sequence: Number(fields.get('id')), project, event }
}
