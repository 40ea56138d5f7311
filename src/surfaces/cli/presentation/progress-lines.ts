import { STAGES, type Stage } from '../../../core/records/index.ts'
import type { ProgressEvent } from '../../../platform/orchestration/index.ts'
import type { Colours } from './colours.ts'
import { durationText } from './quantities.ts'

/** A step under way, as the events told it. */
export interface ActiveStep {
  readonly stage: Stage
  readonly name: string
  readonly share: number
  readonly message: string
  readonly startedAtMs: number
}

export type ActiveSteps = ReadonlyMap<string, ActiveStep>

type StepEvent = Exclude<ProgressEvent, { kind: 'note' }>

function keyOf(event: StepEvent): string {
  return `${event.stage}/${event.name}`
}

/** The steps under way after an event. */
export function afterEvent(steps: ActiveSteps, event: ProgressEvent): ActiveSteps {
  if (event.kind === 'note') return steps
  const next = new Map(steps)
  const key = keyOf(event)
  if (event.kind === 'step-finished' || event.kind === 'step-failed') next.delete(key)
  else {
    const known = steps.get(key)
    next.set(key, {
      stage: event.stage,
      name: event.name,
      share: event.kind === 'step-progress' ? event.share : 0,
      message: event.kind === 'step-progress' ? (event.message ?? known?.message ?? '') : '',
      startedAtMs: known?.startedAtMs ?? event.atMs,
    })
  }
  return next
}

const STAGE_WIDTH = Math.max(...STAGES.map((stage) => stage.length))

/** `[ 6/13] training    ` */
export function stageLabel(stage: Stage): string {
  const number = String(STAGES.indexOf(stage) + 1).padStart(2)
  return `[${number}/${STAGES.length}] ${stage.padEnd(STAGE_WIDTH)}`
}

/** The line that stays when something happened; undefined for what only the live display shows. */
export function eventLine(event: ProgressEvent, colours: Colours): string | undefined {
  const label = stageLabel(event.stage)
  switch (event.kind) {
    case 'step-finished': {
      const mark = event.cached ? colours.dim('=') : colours.green('✓')
      const how = event.cached ? 'cached' : durationText(event.durationMs)
      return `${mark} ${label} ${event.name}  ${colours.dim(how)}`
    }
    case 'step-failed':
      return `${colours.red('✗')} ${label} ${event.name}  ${event.code}: ${event.message}`
    case 'note':
      return `${colours.dim('·')} ${label} ${event.message}`
    default:
      return undefined
  }
}

const BAR_WIDTH = 20

/** A step's live line: bar, percent, elapsed, what it says of itself. */
export function activeLine(step: ActiveStep, nowMs: number, width: number): string {
  const share = Math.min(Math.max(step.share, 0), 1)
  const filled = Math.round(share * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
  const elapsed = durationText(Math.max(nowMs - step.startedAtMs, 0))
  const line = `▸ ${stageLabel(step.stage)} ${bar} ${percent} ${elapsed} ${step.name} ${step.message}`
  return line.trimEnd().slice(0, Math.max(width - 1, 1))
}
