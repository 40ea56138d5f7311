import type { Reason, RolloutDecision } from '../../../core/records/index.ts'
import type { RolloutOutcome, RolloutStatus } from '../../../flows/index.ts'
import { countText, numberText, timeText } from './quantities.ts'
import { factsText, tableText } from './table.ts'

const KINDS = { canary: 'canary', 'ab-test': 'A/B run', shadow: 'shadow' } as const

function reasonLines(reasons: readonly Reason[]): string {
  return reasons.map(({ message }) => `  - ${message}`).join('\n')
}

const AFTERWARDS = {
  'all-traffic': 'all traffic',
  canary: 'a canary',
  'ab-test': 'an A/B run',
  report: 'a report, and nothing else',
} as const

type Rollout = NonNullable<RolloutStatus['rollout']>

function sideFacts({ evidence }: Rollout): string {
  const { stable, challenger, drift } = evidence
  const row = (name: string, side: typeof stable) => [
    name,
    numberText(side.requests),
    side.latencyP95Ms === null ? '–' : side.latencyP95Ms.toFixed(2),
    numberText(side.labelled),
    side.valuePerDecision === null ? '–' : numberText(side.valuePerDecision),
  ]
  const headings = ['revision', 'requests', 'p95 ms', 'labels', 'value each']
  const table = tableText(headings, [row('new', challenger), row('stable', stable)])
  const apart = drift ? `\nprediction drift (PSI) ${drift.psi.toFixed(3)}` : ''
  return table + apart
}

function exposedText({ evidence }: Rollout): string {
  if (evidence.ab === undefined) return ''
  const { control, treatment } = evidence.ab.exposed
  return `\n${countText(control, 'key')} in control, ${countText(treatment, 'key')} in treatment`
}

function progressFacts(rollout: Rollout): [string, string][] {
  const { kind, version, since, step, next, afterwards, nextStepAt } = rollout
  const facts: [string, string][] = [
    ['under way', `${KINDS[kind]} of version ${version}, since ${timeText(since)}`],
  ]
  if (step !== null) facts.push(['step', `${step.number} of ${step.of}`])
  facts.push(['next', next === 'wait' ? 'waits' : `${next}, at the next look`])
  facts.push(['when it does well', AFTERWARDS[afterwards]])
  if (nextStepAt !== null) facts.push(['its time ends', timeText(nextStepAt)])
  return facts
}

/** Where a rollout stands, for people. */
export function rolloutStatusText({ traffic, rollout, state }: RolloutStatus): string {
  const rows = traffic.map(({ version, role, percent }) => [`v${version}`, role, `${percent} %`])
  const split = `${state.endpoint}\n${tableText(['version', 'role', 'traffic'], rows)}`
  if (rollout === null) return `${split}\n\nno rollout is under way`
  const waiting = `what it goes by:\n${reasonLines(rollout.reasons)}`
  const seen = `${sideFacts(rollout)}${exposedText(rollout)}`
  return [split, factsText(progressFacts(rollout)), waiting, seen].join('\n\n')
}

/** The decisions with their reasons in words, oldest first. */
export function rolloutDecisionsText(decisions: readonly RolloutDecision[]): string {
  if (decisions.length === 0) return 'nothing was ever rolled out'
  return decisions
    .map(({ at, action, version, percent, reasons }) => {
      const head = `${timeText(at)}  ${action}  version ${version} at ${percent} %`
      return `${head}\n${reasonLines(reasons)}`
    })
    .join('\n\n')
}

/** What a change by hand came to. */
export function rolloutOutcomeText({ decision }: RolloutOutcome): string {
  return rolloutDecisionsText([decision])
}
