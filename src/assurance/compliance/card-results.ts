import type { Estimate, Evaluation } from '../../core/records/index.ts'
import { bullets, figure, percent, plain, section, table } from './markdown.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

function interval({ low, high }: Estimate): string {
  return low === null || high === null ? 'not estimated' : `${figure(low)} to ${figure(high)}`
}

/** Metrics of the served artifact with their intervals, its worth, and its speed. */
export function metricsSection({ evaluation, project }: ModelCardFacts): string {
  const { threshold, value, latency } = evaluation
  const { confidence } = project.evaluation.bootstrap
  const rows = Object.entries(evaluation.metrics).map(([name, estimate]) => [
    plain(name),
    figure(estimate.value),
    interval(estimate),
  ])
  return section(
    'Metrics',
    `Measured on ${evaluation.rows} rows of the ${evaluation.part} part, through the engine that serves the model${threshold === null ? '' : `, with the answer "yes" from a probability of ${figure(threshold)}`}.`,
    table(['metric', 'value', `${percent(confidence)} interval (bootstrap)`], rows),
    value === null
      ? ''
      : `**Worth.** ${figure(value.perDecision.value)} ${value.currency} a decision (${interval(value.perDecision)}), ${figure(value.perMonth)} ${value.currency} a month at the declared number of decisions.`,
    latency === null
      ? ''
      : `**Speed.** One row at a time: p50 ${figure(latency.p50Ms)} ms, p95 ${figure(latency.p95Ms)} ms, p99 ${figure(latency.p99Ms)} ms. File ${figure(latency.sizeBytes / 1_048_576)} MiB, memory ${figure(latency.memoryMb)} MB.`,
  )
}

/** Every judged slice with the metrics that slices carry. */
export function slicesSection({ evaluation }: ModelCardFacts): string {
  const judged = evaluation.slices.filter((slice) => slice.judged)
  const names = [...new Set(judged.flatMap(({ metrics }) => Object.keys(metrics)))]
  const rows = judged.map(({ column, value, rows: count, metrics }) => [
    `${plain(column)} = ${plain(value)}`,
    String(count),
    ...names.map((name) => figureOrDash(metrics[name])),
  ])
  return section('Slices', table(['slice', 'rows', ...names.map(plain)], rows))
}

function figureOrDash(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : figure(value)
}

export function fairnessSection({ evaluation }: ModelCardFacts): string {
  return section('Fairness', ...evaluation.fairness.map(groupTable))
}

function groupTable(fairness: Evaluation['fairness'][number]): string {
  const rows = fairness.groups.map((group) => [
    plain(group.value),
    String(group.rows),
    figure(group.selectionRate),
    figureOrDash(group.truePositiveRate),
    figureOrDash(group.falsePositiveRate),
    group.judged ? 'yes' : 'too few rows',
  ])
  const header = [
    plain(fairness.column),
    'rows',
    'selection rate',
    'true positive rate',
    'false positive rate',
    'judged',
  ]
  return `Largest gaps between groups of ${plain(fairness.column)}: demographic parity ${figure(fairness.demographicParity)}, equal opportunity ${figure(fairness.equalOpportunity)}, equalized odds ${figure(fairness.equalizedOdds)}.\n\n${table(header, rows)}`
}

export function robustnessSection({ evaluation }: ModelCardFacts): string {
  const rows = evaluation.robustness.map(({ attack, metric, clean, corrupted, relativeLoss }) => [
    attack,
    plain(metric),
    figure(clean),
    figure(corrupted),
    percent(relativeLoss),
  ])
  return section('Robustness', table(['attack', 'metric', 'clean', 'corrupted', 'loss'], rows))
}

export function verdictSection({ verdict }: ModelCardFacts): string {
  const rows = verdict.criteria.map(({ name, level, bound, measured, outcome }) => [
    plain(name),
    level,
    plain(bound),
    plain(measured),
    outcome,
  ])
  return section(
    'Gate',
    `Verdict: **${verdict.outcome.toUpperCase()}**.`,
    table(['criterion', 'level', 'bound', 'measured', 'outcome'], rows),
    bullets(verdict.reasons.map(({ message }) => plain(message))),
  )
}
