import type { z } from 'zod'
import type { Stage } from '../../core/records/index.ts'

/** What a running step can do beside its work. */
export interface StepContext {
  /** Share done in [0, 1], and a line for people. */
  progress(share: number, message?: string): void
  /** Adds time spent in a worker, so that the belt's own overhead is known. */
  addWorkerMs(ms: number): void
  readonly signal: AbortSignal
}

/**
 * One step of the belt: a function of its inputs. `key = digest(stage, name, codeVersion, inputs)`;
 * a step whose key is known is not run again.
 */
export interface StepDefinition<T> {
  readonly stage: Stage
  readonly name: string
  /** Raised by hand whenever the step's code would give another output for the same inputs. */
  readonly codeVersion: number
  /** Everything the output depends on: policies, digests of tables. Plain JSON. */
  readonly inputs: unknown
  readonly output: z.ZodType<T>
  /** Digests that must still be in the artifact store for a stored output to count. */
  readonly artifacts?: (output: T) => readonly string[]
  readonly run: (context: StepContext) => Promise<T>
}

export interface StepResult<T> {
  readonly output: T
  readonly key: string
  readonly cached: boolean
  readonly durationMs: number
  readonly workerMs: number
}

export type ProgressEvent =
  | {
      readonly kind: 'step-started'
      readonly stage: Stage
      readonly name: string
      readonly atMs: number
    }
  | {
      readonly kind: 'step-progress'
      readonly stage: Stage
      readonly name: string
      readonly share: number
      readonly message?: string
      readonly atMs: number
    }
  | {
      readonly kind: 'step-finished'
      readonly stage: Stage
      readonly name: string
      readonly cached: boolean
      readonly durationMs: number
      readonly atMs: number
    }
  | {
      readonly kind: 'step-failed'
      readonly stage: Stage
      readonly name: string
      readonly code: string
      readonly message: string
      readonly atMs: number
    }
  | {
      readonly kind: 'note'
      readonly stage: Stage
      readonly message: string
      readonly atMs: number
    }

export type ProgressListener = (event: ProgressEvent) => void

/**
 * Runs steps and remembers their outputs. A step is remembered only after its output was validated
 * and its artifacts are durable; a run cut off in between simply runs the step again.
 */
export interface StepRunner {
  run<T>(definition: StepDefinition<T>): Promise<StepResult<T>>
  note(stage: Stage, message: string): void
}
