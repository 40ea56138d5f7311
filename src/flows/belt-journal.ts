import { performance } from 'node:perf_hooks'
import { digestOfValue } from '../core/identity/index.ts'
import type { BeltRun, Stage } from '../core/records/index.ts'
import { isoTime } from '../core/time/index.ts'
import type { StepDefinition } from '../platform/orchestration/index.ts'
import type { Platform } from './platform.ts'
import { type BeltTracking, createBeltTracking } from './track-belt/index.ts'

type StepLine = BeltRun['steps'][number]

/** Runs the steps of one travel of the belt and keeps its journal. */
export interface BeltJournal {
  readonly platform: Platform
  readonly asOfMs: number
  readonly steps: readonly StepLine[]
  /** What clients of the tracking store see of this travel. */
  readonly tracking: BeltTracking
  /** Runs a cached step. */
  step<T>(definition: StepDefinition<T>): Promise<T>
  /** Runs work that has to be done each time (asking a database, judging, switching traffic). */
  always<T>(stage: Stage, name: string, work: () => Promise<T> | T): Promise<T>
}

/** A journal for a belt run as of an instant. */
export function createBeltJournal(
  platform: Platform,
  asOfMs: number,
  cause = 'by hand',
): BeltJournal {
  const steps: StepLine[] = []
  return {
    platform,
    asOfMs,
    steps,
    tracking: createBeltTracking(platform, { asOfMs, cause }),
    async step(definition) {
      const result = await platform.steps.run(definition)
      steps.push({
        stage: definition.stage,
        name: definition.name,
        key: result.key as StepLine['key'],
        cached: result.cached,
        durationMs: result.durationMs,
        workerMs: result.workerMs,
      })
      return result.output
    },
    async always(stage, name, work) {
      platform.signal.throwIfAborted()
      const { clock, onProgress } = platform
      onProgress({ kind: 'step-started', stage, name, atMs: clock.now() })
      const started = performance.now()
      const output = await work()
      const durationMs = performance.now() - started
      onProgress({
        kind: 'step-finished',
        stage,
        name,
        cached: false,
        durationMs,
        atMs: clock.now(),
      })
      const key = digestOfValue({ stage, name, at: isoTime(asOfMs) })
      steps.push({ stage, name, key, cached: false, durationMs, workerMs: 0 })
      return output
    },
  }
}
