import type { Evaluation, Verdict } from '../../../core/records/index.ts'
import {
  calibrationChart,
  candidatesChart,
  importanceChart,
  precisionRecallChart,
  rocChart,
  slicesChart,
  valueChart,
} from '../charts/evaluation-charts.ts'
import type { Formats } from '../formats.ts'
import { facts, type Html, html, raw, table } from '../html.ts'
import { outcomeBadge, type Section } from './data-sections.ts'

const REFERENCES = new Set(['baseline', 'simple-rule'])

export function figure(svg: string, shape: 'square' | 'wide' = 'square'): Html {
  return html`<figure class="${shape}">${raw(svg)}</figure>`
}

/** The metric that ranks candidates: declared, else value, else the first measured. */
export function mainMetric(
  evaluations: readonly Evaluation[],
  declared: string | undefined,
): string {
  const names = Object.keys(evaluations[0]?.metrics ?? {})
  if (declared !== undefined) return declared
  return names.includes('valuePerDecision') ? 'valuePerDecision' : (names[0] ?? 'accuracy')
}

export const trainingSection: Section = (data, formats) => {
  const { words } = formats.texts
  const crossValidated = data.runs[0] === undefined ? [] : Object.keys(data.runs[0].crossValidation)
  const shown = ['rocAuc', 'logLoss', 'rmse', 'silhouette', 'accuracy']
    .filter((m) => crossValidated.includes(m))
    .slice(0, 2)
  return html`
    ${table(
      [
        words.candidate,
        words.estimator,
        ...shown.map((m) => `CV ${m}`),
        words.rows,
        words.duration,
        words.memory,
        words.parity,
      ],
      data.runs.map((run) => [
        run.candidate,
        run.estimator,
        ...shown.map((m) => formats.number(run.crossValidation[m], 4)),
        formats.number(run.trainingRows),
        formats.duration(run.durationMs),
        `${formats.number(run.peakMemoryMb, 0)} MB`,
        run.parity.maxAbsoluteDifference.toExponential(1),
      ]),
    )}
    ${data.failedRuns.map((f) => html`<p class="bad">${f.candidate}: ${f.code} — ${f.message}</p>`)}
    ${
      data.runs[0] &&
      facts([
        ['CPU', `${data.runs[0].hardware.cpu} × ${data.runs[0].hardware.cores}`],
        [
          'Python',
          Object.entries(data.runs[0].packages)
            .map(([name, version]) => `${name} ${version}`)
            .join(', '),
        ],
      ])
    }`
}

function metricsTable(evaluation: Evaluation, formats: Formats): Html {
  const { words } = formats.texts
  return table(
    [words.metric, words.value, words.interval],
    Object.entries(evaluation.metrics).map(([name, e]) => [
      name,
      formats.number(e.value, 4),
      e.low === null || e.high === null
        ? '–'
        : `${formats.number(e.low, 4)} … ${formats.number(e.high, 4)}`,
    ]),
  )
}

function fairnessTables(evaluation: Evaluation, formats: Formats): Html {
  const { words } = formats.texts
  return html`${evaluation.fairness.map(
    (f) =>
      html`<h4>${f.column}: Δ ${words.selectionRate} ${formats.number(f.demographicParity)} · Δ ${words.tpr} ${formats.number(f.equalOpportunity)}</h4>${table(
        [words.group, words.rows, words.selectionRate, words.tpr, words.fpr, ''],
        f.groups.map((g) => [
          g.value,
          formats.number(g.rows),
          formats.percent(g.selectionRate),
          g.truePositiveRate === null ? '–' : formats.percent(g.truePositiveRate),
          g.falsePositiveRate === null ? '–' : formats.percent(g.falsePositiveRate),
          g.judged ? words.judged : words.tooFew,
        ]),
      )}`,
  )}`
}

function robustnessTable(evaluation: Evaluation, metric: string, formats: Formats): Html {
  const { words, attacks } = formats.texts
  const rows = (shown: (name: string) => boolean) =>
    table(
      [words.attack, words.metric, words.clean, words.corrupted, words.loss],
      evaluation.robustness
        .filter((r) => shown(r.metric))
        .map((r) => [
          attacks[r.attack],
          r.metric,
          formats.number(r.clean, 4),
          formats.number(r.corrupted, 4),
          formats.percent(r.relativeLoss),
        ]),
    )
  const main = (name: string) => name === metric || name === 'valuePerDecision'
  return html`${rows(main)}<details><summary>${words.attack}: ${words.metric} …</summary>${rows((name) => !main(name))}</details>`
}

export const evaluationSection: Section = (data, formats) => {
  const { words } = formats.texts
  const { evaluation } = data
  if (evaluation === undefined) return html`<p>${formats.texts.nothingYet}</p>`
  const metric = mainMetric(data.ranking, data.project.training.metric)
  const columns = [...new Set(evaluation.slices.map((s) => s.column))]
  const sliceMetric = 'rocAuc' in evaluation.metrics ? 'rocAuc' : metric
  const { latency } = evaluation
  const curves = evaluation.curves
  return html`
    <p class="decision"><b>${evaluation.candidate}</b> · ${formats.number(evaluation.rows)} ${words.rows.toLowerCase()}${evaluation.threshold === null ? '' : ` · ${words.threshold.toLowerCase()} ${formats.number(evaluation.threshold)}`}</p>
    <div class="grid">
      ${figure(candidatesChart(data.ranking, { metric, references: REFERENCES }, formats), 'wide')}
      ${curves && [figure(rocChart(evaluation, formats)), figure(precisionRecallChart(evaluation, formats)), figure(calibrationChart(evaluation, formats))]}
      ${curves && curves.value.length > 0 ? figure(valueChart(evaluation, formats)) : ''}
      ${evaluation.importance.length > 0 ? figure(importanceChart(evaluation, formats), 'wide') : ''}
      ${columns.map((column) => figure(slicesChart(evaluation, { column, metric: sliceMetric }, formats), 'wide'))}
    </div>
    ${metricsTable(evaluation, formats)}
    ${
      evaluation.value &&
      facts([
        [
          `${words.value} ${words.perDecision}`,
          `${formats.money(evaluation.value.perDecision.value, evaluation.value.currency)} (${formats.number(evaluation.value.perDecision.low, 2)} … ${formats.number(evaluation.value.perDecision.high, 2)})`,
        ],
        [
          `${words.value} ${words.perMonth}`,
          formats.money(evaluation.value.perMonth, evaluation.value.currency, 0),
        ],
      ])
    }
    ${fairnessTables(evaluation, formats)}
    ${robustnessTable(evaluation, metric, formats)}
    ${
      latency &&
      facts([
        [
          words.latency,
          `${words.p50} ${formats.number(latency.p50Ms)} ms · p95 ${formats.number(latency.p95Ms)} ms · p99 ${formats.number(latency.p99Ms)} ms`,
        ],
        [
          words.throughput,
          `${formats.number(latency.requestsPerSecond, 0)}/s · ${formats.number(latency.batchRowsPerSecond, 0)} ${words.rows.toLowerCase()}/s`,
        ],
        [words.size, formats.bytes(latency.sizeBytes)],
      ])
    }`
}

export function verdictTable(verdict: Verdict, formats: Formats): Html {
  const { words } = formats.texts
  return html`
    <p class="decision">${outcomeBadge(verdict.outcome === 'yes', words[verdict.outcome])} <b>${verdict.candidate}</b></p>
    ${table(
      [words.criterion, words.bound, words.measured, words.level, words.outcome],
      verdict.criteria.map((c) => [
        c.name,
        c.bound,
        c.measured,
        words[c.level],
        c.outcome === 'not-applicable'
          ? words['not-applicable']
          : outcomeBadge(c.outcome === 'passed', words[c.outcome]),
      ]),
    )}`
}

export const gateSection: Section = (data, formats) =>
  data.verdicts.length === 0
    ? html`<p>${formats.texts.nothingYet}</p>`
    : html`${data.verdicts.map((v) => verdictTable(v, formats))}`

export const tuningSection: Section = (data, formats) => {
  const { words } = formats.texts
  if (data.tunings.length === 0) return html`<p>${formats.texts.notNeeded}</p>`
  return html`${data.tunings.map((t) => {
    const trials = [...t.trials].sort((a, b) => a.number - b.number)
    const text = (parameters: Readonly<Record<string, unknown>>) =>
      Object.entries(parameters)
        .map(
          ([name, value]) =>
            `${name} ${typeof value === 'number' ? formats.number(value) : String(value)}`,
        )
        .join(', ')
    return html`
      <h4>${t.candidate} · ${t.method} · ${t.metric} · ${formats.number(t.trials.length)} ${words.trials.toLowerCase()}${t.because.length > 0 ? ` · ${t.because.join(', ')}` : ''}</h4>
      ${t.best && facts([[words.best, `${t.metric} ${formats.number(t.best.value, 4)}: ${text(t.best.parameters)}`]])}
      <details><summary>${words.trials}</summary>${table(
        ['#', t.metric, words.duration, words.parameters],
        trials.map((trial) => [
          trial.number,
          trial.value === null ? trial.state : formats.number(trial.value, 4),
          formats.duration(trial.durationMs),
          text(trial.parameters),
        ]),
      )}</details>`
  })}`
}
