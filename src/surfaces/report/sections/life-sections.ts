import type { MonitorWindow } from '../../../core/records/index.ts'
import {
  driftChart,
  latencyChart,
  performanceChart,
  trafficChart,
  versionsChart,
} from '../charts/life-charts.ts'
import type { Formats } from '../formats.ts'
import { html, table } from '../html.ts'
import { abTestPanels } from './ab-test-panel.ts'
import { outcomeBadge, reasonList, type Section } from './data-sections.ts'
import { figure, verdictTable } from './model-sections.ts'

export const registrySection: Section = (data, formats) => {
  const { words, actions, environments } = formats.texts
  if (data.versions.length === 0) return html`<p>${formats.texts.nothingYet}</p>`
  return html`
    ${table(
      [words.version, words.candidate, formats.texts.asOf, 'SHA-256', words.lineage],
      data.versions.map((v) => [
        `v${v.version}`,
        v.candidate.name,
        formats.day(v.asOf),
        html`<code>${v.artifact.digest.slice(0, 12)}</code>`,
        html`<span class="small"><code>${v.lineage.run}</code> · <code>${v.lineage.evaluation}</code> · <code>${v.lineage.verdict}</code></span>`,
      ]),
    )}
    ${table(
      [words.when, words.environment, words.version, words.action, words.by, words.reason],
      data.environmentChanges.map((c) => [
        formats.time(c.at),
        environments[c.environment],
        c.version === null ? '–' : `v${c.version}`,
        actions[c.action],
        c.by,
        html`<span class="small">${c.reason}</span>`,
      ]),
    )}`
}

export const deploymentSection: Section = (data, formats) => {
  const { words, actions } = formats.texts
  if (data.rollouts.length === 0) return html`<p>${formats.texts.nothingYet}</p>`
  return html`
    ${data.windows.length > 0 ? figure(trafficChart(data, formats)) : ''}
    ${abTestPanels(data.rollouts, data.project.problem.value?.currency, formats)}
    ${table(
      [words.when, words.action, words.version, words.percent, words.reasons],
      data.rollouts.map((d) => [
        formats.time(d.at),
        actions[d.action],
        `v${d.version}`,
        `${d.percent} %`,
        reasonList(d.reasons, formats),
      ]),
    )}`
}

function metricOf(windows: readonly MonitorWindow[]): string {
  const names = new Set(windows.flatMap((w) => Object.keys(w.metrics)))
  return (
    ['rocAuc', 'rmse', 'accuracy', 'silhouette'].find((name) => names.has(name)) ??
    [...names][0] ??
    'accuracy'
  )
}

const DRIFTED_SHOWN = 3

/** The loudest inputs by name, the others by number. */
function driftText(inputs: readonly string[]): string {
  if (inputs.length === 0) return '–'
  const rest = inputs.length - DRIFTED_SHOWN
  return inputs.slice(0, DRIFTED_SHOWN).join(', ') + (rest > 0 ? ` + ${rest}` : '')
}

function windowRow(
  window: MonitorWindow,
  currency: string | undefined,
  metric: string,
  formats: Formats,
) {
  const drifted = window.drift
    .filter((d) => d.level === 'alert')
    .sort((a, b) => b.psi - a.psi)
    .map((d) => d.input)
  return [
    `${formats.day(window.from)} – ${formats.day(window.to).slice(5)}`,
    `v${window.version}`,
    formats.number(window.predictions),
    formats.number(window.labels),
    formats.number(window.metrics[metric]),
    window.valuePerDecision === null || currency === undefined
      ? '–'
      : formats.money(window.valuePerDecision, currency),
    formats.number(window.calibrationGap),
    driftText(drifted),
    window.latency === null ? '–' : `${formats.number(window.latency.p99Ms, 1)} ms`,
  ]
}

export const monitoringSection: Section = (data, formats) => {
  const { words } = formats.texts
  if (data.windows.length === 0) return html`<p>${formats.texts.nothingYet}</p>`
  const metric = metricOf(data.windows)
  const currency = data.project.problem.value?.currency
  const hasValue = data.windows.some((w) => w.valuePerDecision !== null)
  return html`
    <div class="stack">
      ${figure(driftChart(data, formats))}
      ${figure(performanceChart(data, metric, formats))}
      ${hasValue ? figure(performanceChart(data, 'valuePerDecision', formats)) : ''}
      ${figure(latencyChart(data, formats))}
    </div>
    ${table(
      [
        words.window,
        words.version,
        words.predictions,
        words.labels,
        metric,
        words.value,
        'Δ',
        words.drift,
        'p99',
      ],
      data.windows.map((w) => windowRow(w, currency, metric, formats)),
    )}`
}

export const retrainingSection: Section = (data, formats) => {
  const { words, results } = formats.texts
  if (data.decisions.length === 0) return html`<p>${formats.texts.nothingYet}</p>`
  const metric = data.project.problem.value === undefined ? 'rocAuc' : 'valuePerDecision'
  return html`
    ${data.versions.length > 1 ? figure(versionsChart(data, metric, formats)) : ''}
    ${table(
      [words.when, words.version, words.decision, words.reasons],
      data.decisions.map((d) => [
        formats.day(d.at),
        `v${d.version}`,
        outcomeBadge(d.outcome === 'keep', words[d.outcome]),
        reasonList(d.reasons, formats),
      ]),
    )}
    ${table(
      [words.when, words.result, words.challenger, words.reasons],
      data.outcomes.map((o) => [
        formats.day(o.at),
        results[o.result],
        o.challenger === null ? '–' : `v${o.challenger}`,
        reasonList(o.reasons, formats),
      ]),
    )}
    ${data.challengerVerdicts.map((v) => html`<details><summary>${words.challenger}: ${words[v.outcome]}</summary>${verdictTable(v, formats)}</details>`)}`
}
