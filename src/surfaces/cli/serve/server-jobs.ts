import { hostname } from 'node:os'
import type { ArtifactFiles } from '../../../platform/artifact-files/index.ts'
import {
  createLeases,
  createScheduler,
  type Job,
  type Scheduler,
} from '../../../platform/orchestration/index.ts'
import type { LifecycleWork } from '../../api/index.ts'
import type { ServerContext } from '../../server/index.ts'

const DAY_MS = 86_400_000
/** An upload that has not moved for so long was given up. */
const LEFTOVER_AFTER_MS = DAY_MS

export interface ServerJobParts {
  readonly context: ServerContext
  readonly files: Pick<ArtifactFiles, 'removeLeftovers'>
  readonly lifecycle: Pick<LifecycleWork, 'collectGarbage'>
}

/** What the server does by itself, each job on one server at a time. */
export function createServerJobs({ context, files, lifecycle }: ServerJobParts): Scheduler {
  const { clock, config, database, logger } = context
  const leftovers: Job = {
    name: 'server/remove-upload-leftovers',
    everyMs: DAY_MS,
    run: async () => {
      await files.removeLeftovers(LEFTOVER_AFTER_MS)
    },
  }
  const { deletedDays, keepVersions } = config.retention
  const garbage: readonly Job[] =
    deletedDays === undefined
      ? []
      : [
          {
            name: 'server/collect-garbage',
            everyMs: DAY_MS,
            run: async () => {
              const by = { name: 'platform', from: 'platform' }
              await lifecycle.collectGarbage(by, { olderThanDays: deletedDays, keepVersions })
            },
          },
        ]
  return createScheduler({
    database,
    leases: createLeases(database, { owner: `${hostname()}/${process.pid}`, clock }),
    clock,
    jobs: [leftovers, ...garbage],
    onFailure: (error, job) => logger(`the job ${job ?? 'scheduler'} failed`, error),
  })
}
