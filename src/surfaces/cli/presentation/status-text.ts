import type { EndpointState, MonitorWindow } from '../../../core/records/index.ts'
import type { ProjectSummary } from '../summarize-project.ts'
import type { Colours } from './colours.ts'
import { countText, numberText, timeText } from './quantities.ts'
import { tableText } from './table.ts'

function environmentsText({ environments }: ProjectSummary): string {
  const rows = Object.entries(environments).map(([environment, change]) =>
    change === null
      ? [environment, 'none', '', '', '']
      : [
          environment,
          change.version === null ? 'none' : `v${change.version}`,
          timeText(change.at),
          change.by,
          change.reason,
        ],
  )
  return tableText(['environment', 'version', 'since', 'by', 'reason'], rows)
}

function endpointText(state: EndpointState | null): string {
  if (state === null) return 'nothing is served yet'
  const stable = `${state.endpoint}: v${state.stable} answers`
  if (state.canary)
    return `${stable}; canary v${state.canary.version} takes ${state.canary.percent} %`
  if (!state.trial) return stable
  const { kind, version, strategy } = state.trial
  const share = `${(strategy.share * 100).toFixed(0)} %`
  return kind === 'ab-test'
    ? `${stable}; A/B run: v${version} answers ${share} of the keys`
    : `${stable}; shadow v${version} sees ${share} of the requests`
}

function windowRow(window: MonitorWindow): string[] {
  const alerts = window.drift.filter((drift) => drift.level === 'alert').length
  return [
    `${timeText(window.from)} – ${timeText(window.to)}`,
    `v${window.version}`,
    numberText(window.predictions),
    numberText(window.labels),
    countText(alerts, 'input'),
    window.valuePerDecision === null ? '–' : numberText(window.valuePerDecision),
  ]
}

function section(title: string, body: string, colours: Colours): string {
  return `${colours.bold(title)}\n${body}`
}

/** Where a project stands, for people. */
export function statusText(summary: ProjectSummary, colours: Colours): string {
  const served = `${endpointText(summary.endpoint)}, ${countText(summary.predictions, 'prediction')} logged`
  const runs = summary.lastRuns.map((run) => [timeText(run.finishedAt), run.outcome, run.id])
  const decisions = summary.lastDecisions.map((decision) => [
    timeText(decision.at),
    decision.outcome,
    decision.reasons.map((reason) => reason.message).join(' '),
  ])
  const windowHeadings = [
    'window',
    'version',
    'predictions',
    'labels',
    'drift alerts',
    'value each',
  ]
  const sections: [string, string][] = [
    [summary.project, environmentsText(summary)],
    ['Endpoint', served],
    ['Last runs', tableText(['finished', 'outcome', 'run'], runs)],
    ['Last windows', tableText(windowHeadings, summary.lastWindows.map(windowRow))],
    ['Last decisions', tableText(['at', 'outcome', 'why'], decisions)],
  ]
  return sections.map(([title, body]) => section(title, body, colours)).join('\n\n')
}
