import { isPlatformError, type PlatformError } from '../../core/errors/index.ts'
import { canonicalJson, digestOfValue } from '../../core/identity/index.ts'
import type { Stage } from '../../core/records/index.ts'
import { type Clock, isoTime, systemClock } from '../../core/time/index.ts'
import type { ArtifactStore, RecordStore } from '../storage/index.ts'
import { orchestrationErrors } from './errors.ts'
import type {
  ProgressEvent,
  ProgressListener,
  StepContext,
  StepDefinition,
  StepResult,
  StepRunner,
} from './step.ts'

export interface StepRunnerOptions {
  readonly store: RecordStore
  readonly artifacts: ArtifactStore
  readonly onProgress?: ProgressListener
  /** Stops the run: no step is started any more, running steps are told. */
  readonly signal?: AbortSignal
  /** Stamps events and records; durations are measured by the machine's own clock. */
  readonly clock?: Clock
}

/**
 * Runs steps and remembers their outputs in the metadata store. Different steps may run at the same
 * time; a step asked for while it runs is waited for, not run twice.
 */
export function createStepRunner(options: StepRunnerOptions): StepRunner {
  return new RememberingStepRunner(options)
}

type EventBody = ProgressEvent extends infer E
  ? E extends ProgressEvent
    ? Omit<E, 'atMs'>
    : never
  : never

class RememberingStepRunner implements StepRunner {
  readonly #store: RecordStore
  readonly #artifacts: ArtifactStore
  readonly #onProgress: ProgressListener
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #running = new Map<string, Promise<StepResult<unknown>>>()

  constructor(options: StepRunnerOptions) {
    this.#store = options.store
    this.#artifacts = options.artifacts
    this.#onProgress = options.onProgress ?? (() => undefined)
    this.#signal = options.signal ?? new AbortController().signal
    this.#clock = options.clock ?? systemClock
  }

  note(stage: Stage, message: string): void {
    this.#emit({ kind: 'note', stage, message })
  }

  async run<T>(definition: StepDefinition<T>): Promise<StepResult<T>> {
    const started = performance.now()
    try {
      const { stage, name } = definition
      if (this.#signal.aborted) throw orchestrationErrors.RUN_INTERRUPTED({ stage, name })
      const key = keyOf(definition)
      const running = this.#running.get(key)
      if (running) return await this.#join(definition, running, started)
      const result = this.#recallOrRun(definition, key, started)
      this.#running.set(key, result)
      try {
        return await result
      } finally {
        this.#running.delete(key)
      }
    } catch (error) {
      throw this.#fail(definition, error)
    }
  }

  /** Somebody runs this very step now: their output is ours; their time is not counted twice. */
  async #join<T>(
    definition: StepDefinition<T>,
    running: Promise<StepResult<unknown>>,
    started: number,
  ): Promise<StepResult<T>> {
    const { key, output } = await running
    const durationMs = performance.now() - started
    return { key, output: definition.output.parse(output), cached: true, durationMs, workerMs: 0 }
  }

  async #recallOrRun<T>(
    definition: StepDefinition<T>,
    key: string,
    started: number,
  ): Promise<StepResult<T>> {
    const { stage, name } = definition
    this.#emit({ kind: 'step-started', stage, name })
    const remembered = await this.#recall(definition, key)
    const result = remembered
      ? { output: remembered.output, cached: true, workerMs: 0 }
      : { ...(await this.#work(definition, key, started)), cached: false }
    const durationMs = performance.now() - started
    this.#emit({ kind: 'step-finished', stage, name, cached: result.cached, durationMs })
    return { ...result, key, durationMs }
  }

  /** The stored output, if it still fits the step's schema and its artifacts are there. */
  async #recall<T>(
    definition: StepDefinition<T>,
    key: string,
  ): Promise<{ readonly output: T } | undefined> {
    const stored = await this.#store.findStep(key)
    if (stored === undefined) return undefined
    const parsed = definition.output.safeParse(stored.output)
    const { stage, name } = definition
    if (!parsed.success) {
      this.note(stage, `The stored output of "${name}" no longer fits its schema; it runs again`)
      return undefined
    }
    const missing = this.#missingArtifact(definition, parsed.data)
    if (missing !== undefined) {
      this.note(stage, `Artifact ${missing} of "${name}" is gone; the step runs again`)
      return undefined
    }
    return { output: parsed.data }
  }

  async #work<T>(
    definition: StepDefinition<T>,
    key: string,
    started: number,
  ): Promise<{ readonly output: T; readonly workerMs: number }> {
    const { stage, name } = definition
    let workerMs = 0
    const context: StepContext = {
      signal: this.#signal,
      progress: (share, message) =>
        this.#emit({
          kind: 'step-progress',
          stage,
          name,
          share: Math.min(1, Math.max(0, share)),
          ...(message === undefined ? {} : { message }),
        }),
      addWorkerMs: (ms) => {
        workerMs += ms
      },
    }
    const made = definition.output.parse(await definition.run(context))
    // What a later run reads back is what this one hands on.
    const output = definition.output.parse(JSON.parse(canonicalJson(made)))
    const missing = this.#missingArtifact(definition, output)
    if (missing !== undefined)
      throw new Error(`its output names artifact ${missing}, which is not in the store`)
    await this.#store.saveStep({
      key,
      stage,
      name,
      output,
      durationMs: performance.now() - started,
      finishedAt: isoTime(this.#clock.now()),
    })
    return { output, workerMs }
  }

  #missingArtifact<T>(definition: StepDefinition<T>, output: T): string | undefined {
    return definition.artifacts?.(output).find((digest) => !this.#artifacts.has(digest))
  }

  #fail<T>(definition: StepDefinition<T>, error: unknown): PlatformError {
    const { stage, name } = definition
    const failure = this.#asPlatformError(definition, error)
    const { code, message } = failure
    this.#emit({ kind: 'step-failed', stage, name, code, message })
    return failure
  }

  #asPlatformError<T>(definition: StepDefinition<T>, error: unknown): PlatformError {
    const { stage, name } = definition
    if (isPlatformError(error) && error.exit === 'interrupted') return error
    // Whatever broke after the stop broke because of it.
    if (this.#signal.aborted) return orchestrationErrors.RUN_INTERRUPTED({ stage, name }, error)
    if (isPlatformError(error)) return error
    const reason = error instanceof Error ? error.message : String(error)
    return orchestrationErrors.STEP_FAILED({ stage, name, reason }, error)
  }

  #emit(event: EventBody): void {
    this.#onProgress({ ...event, atMs: this.#clock.now() })
  }
}

function keyOf<T>(definition: StepDefinition<T>): string {
  const { stage, name, codeVersion, inputs } = definition
  return digestOfValue({ stage, name, codeVersion, inputs })
}
