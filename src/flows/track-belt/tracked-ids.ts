import { digestOfValue } from '../../core/identity/index.ts'

/** What of the belt a run of the tracking store stands for. */
export type TrackedKind = 'belt' | 'run' | 'failed-run' | 'tuning' | 'trial'

/**
 * The id of a run in the tracking store: 32 hexadecimal digits. It follows from the belt's own ids,
 * so what is repeated, resumed or remembered is never a second run.
 */
export function trackedRunId(project: string, kind: TrackedKind, parts: unknown): string {
  return digestOfValue({ project, kind, parts }).slice(0, 32)
}

/** The id of the logged model of a version with these parts. */
export function trackedModelId(project: string, parts: unknown): string {
  return `m-${digestOfValue({ project, model: parts }).slice(0, 32)}`
}
