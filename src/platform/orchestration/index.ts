export { orchestrationErrors } from './errors.ts'
export { createLeases, type LeasesOptions } from './jobs/database-leases.ts'
export type { Lease, LeasedWork, LeaseOptions, Leases } from './jobs/lease.ts'
export {
  createScheduler,
  type Job,
  type JobStanding,
  type Scheduler,
  type SchedulerOptions,
} from './jobs/scheduler.ts'
export { createProgressLog, type ProgressLog, type ProgressLogOptions } from './progress-log.ts'
export type {
  ProgressEvent,
  ProgressListener,
  StepContext,
  StepDefinition,
  StepResult,
  StepRunner,
} from './step.ts'
export { createStepRunner, type StepRunnerOptions } from './step-runner.ts'
