import type { BeltRun } from '../../../core/records/index.ts'
import type { Colours } from './colours.ts'
import { countText, durationText, timeText } from './quantities.ts'
import { factsText } from './table.ts'

const GOOD: readonly BeltRun['outcome'][] = ['deployed', 'champion-kept']

function stepsText(belt: BeltRun): string {
  const cached = belt.steps.filter((step) => step.cached).length
  return `${countText(belt.steps.length, 'step')}, ${cached} cached`
}

/** The end of a belt run, for people: the outcome, its reasons, and where to look further. */
export function beltRunText(belt: BeltRun, report: string | undefined, colours: Colours): string {
  const paint = GOOD.includes(belt.outcome) ? colours.green : colours.red
  const duration = Date.parse(belt.finishedAt) - Date.parse(belt.startedAt)
  const reasons = belt.reasons.map((reason) => `  - ${reason.message}`)
  const facts: [string, string][] = [
    ['version', belt.version === null ? 'none' : String(belt.version)],
    ['data until', timeText(belt.asOf)],
    ['steps', stepsText(belt)],
    ['took', durationText(duration)],
    ['run', belt.id],
    ['report', report ?? 'none'],
  ]
  return [
    `${paint(colours.bold(belt.outcome))}  ${belt.project}`,
    ...reasons,
    factsText(facts),
  ].join('\n')
}
