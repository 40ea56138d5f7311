import { STAGES, type Stage } from '../../core/records/index.ts'
import type { Formats } from './formats.ts'
import { type Html, html, raw } from './html.ts'
import type { ReportData } from './report-data.ts'

export type StageMark = 'done' | 'stopped' | 'waiting'

function reached(data: ReportData): Set<Stage> {
  const stages = new Set<Stage>(data.run.steps.map((step) => step.stage))
  if (data.rollouts.length > 0) stages.add('deployment')
  if (data.windows.length > 0) stages.add('monitoring')
  if (data.decisions.length > 0) stages.add('retraining')
  return stages
}

/** How far the belt came: done, stopped here (a NO), or waiting. */
export function stageMarks(data: ReportData): ReadonlyMap<Stage, StageMark> {
  const stages = reached(data)
  const marks = new Map<Stage, StageMark>(
    STAGES.map((stage) => [stage, stages.has(stage) ? 'done' : 'waiting']),
  )
  if (data.run.outcome === 'no-go') marks.set('problem', 'stopped')
  if (data.run.outcome === 'rejected') marks.set('gate', 'stopped')
  return marks
}

function loopArrow(): Html {
  return raw(
    '<svg class="loop" viewBox="0 0 1300 46" aria-hidden="true"><path d="M1250 4 C1250 40 1200 40 1150 40 L160 40 C120 40 120 30 120 8" fill="none" stroke="#94a3b8" stroke-width="2" stroke-dasharray="5 4"/><path d="M114 14 L120 2 L126 14 Z" fill="#94a3b8"/></svg>',
  )
}

/** The belt as thirteen linked stations and the way back from the last to the second. */
export function beltMap(data: ReportData, formats: Formats, prefix: string): Html {
  const marks = stageMarks(data)
  const times = new Map<Stage, number>()
  for (const step of data.run.steps) {
    // Candidates fit side by side and wait for each other: the time of the fits is what they took.
    const ms = step.workerMs > 0 ? step.workerMs : step.durationMs
    times.set(step.stage, (times.get(step.stage) ?? 0) + ms)
  }
  return html`<nav class="belt" aria-label="${formats.texts.title}"><ol>${STAGES.map((stage, i) => html`<li class="${marks.get(stage) ?? 'waiting'}"><a href="#${prefix}-${stage}"><span class="index">${i + 1}</span><span>${formats.texts.stages[stage]}</span><span class="time">${times.has(stage) ? formats.duration(times.get(stage) ?? 0) : ''}</span></a></li>`)}</ol>${loopArrow()}</nav>`
}
