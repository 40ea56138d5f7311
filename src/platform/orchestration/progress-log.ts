import type { Clock } from '../../core/time/index.ts'
import type { Database } from '../database/index.ts'
import type { ProgressEvent, ProgressListener } from './step.ts'

/** Events are written together, this often. */
const WRITE_EVERY_MS = 200
/** While the database is away, this many wait; the oldest go first. */
const WAITING_AT_MOST = 10_000
const KEPT_MS = 7 * 86_400_000

/** Keeps what a belt says of its progress where other processes can follow it. */
export interface ProgressLog {
  readonly listen: ProgressListener
  /** Writes what still waits. */
  close(): Promise<void>
}

export interface ProgressLogOptions {
  readonly project: string
  readonly clock: Clock
  /** Told when events could not be written; the belt goes on. */
  readonly onFailure?: (error: unknown) => void
}

/** A log in the table `progress_events`; events older than a week are dropped. */
export function createProgressLog(database: Database, options: ProgressLogOptions): ProgressLog {
  const { project, clock, onFailure = () => {} } = options
  let waiting: ProgressEvent[] = []
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    const events = waiting
    waiting = []
    if (events.length === 0) return
    try {
      await append(database, project, events)
    } catch (error) {
      waiting = [...events, ...waiting].slice(-WAITING_AT_MOST)
      onFailure(error)
    }
  }
  const writeNext = () => {
    timer = undefined
    writing = writing.then(write)
  }
  return {
    listen(event) {
      waiting.push(event)
      timer ??= setTimeout(writeNext, WRITE_EVERY_MS).unref()
    },
    async close() {
      clearTimeout(timer)
      writing = writing.then(write)
      await writing
      await forgetOld(database, clock.now()).catch(onFailure)
    },
  }
}

const ROWS_AT_ONCE = 500

async function append(
  { queries }: Database,
  project: string,
  events: readonly ProgressEvent[],
): Promise<void> {
  for (let start = 0; start < events.length; start += ROWS_AT_ONCE) {
    const rows = events.slice(start, start + ROWS_AT_ONCE).map((event) => ({
      project,
      json: JSON.stringify({ project, event }),
      at_ms: Math.round(event.atMs),
    }))
    await queries.insertInto('progress_events').values(rows).execute()
  }
}

async function forgetOld({ queries }: Database, nowMs: number): Promise<void> {
  await queries
    .deleteFrom('progress_events')
    .where('at_ms', '<', Math.round(nowMs - KEPT_MS))
    .execute()
}
