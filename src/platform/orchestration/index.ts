export { orchestrationErrors } from './errors.ts'
export type {
  ProgressEvent,
  ProgressListener,
  StepContext,
  StepDefinition,
  StepResult,
  StepRunner,
} from './step.ts'
export { createStepRunner, type StepRunnerOptions } from './step-runner.ts'
