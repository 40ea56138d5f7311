import type { Clock } from '../core/time/index.ts'
import type { Database } from '../platform/database/index.ts'
import {
  createProgressLog,
  type ProgressListener,
  type ProgressLog,
} from '../platform/orchestration/index.ts'

export interface ProgressParts {
  readonly database: Database
  readonly project: string
  readonly clock: Clock
}

/**
 * Tells a listener of progress, and keeps it where other processes can follow it. The log begins
 * with the first event, so that a look at a project writes nothing.
 */
export function keepProgress(
  { database, project, clock }: ProgressParts,
  onProgress: ProgressListener = () => {},
): ProgressLog {
  let log: ProgressLog | undefined
  let isFailing = false
  const onFailure = (error: unknown) => {
    if (isFailing) return
    isFailing = true
    const message = `progress cannot be kept for others: ${String(error)}`
    onProgress({ kind: 'note', stage: 'problem', message, atMs: clock.now() })
  }
  return {
    listen(event) {
      onProgress(event)
      log ??= createProgressLog(database, { project, clock, onFailure })
      log.listen(event)
    },
    async close() {
      await log?.close()
    },
  }
}
