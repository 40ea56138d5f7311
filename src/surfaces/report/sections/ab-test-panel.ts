import type { RolloutDecision } from '../../../core/records/index.ts'
import { abTestChart } from '../charts/ab-test-chart.ts'
import type { Formats } from '../formats.ts'
import { type Html, html, table } from '../html.ts'
import { type AbTestOutcome, abTestOutcomes } from './ab-test-outcome.ts'
import { figure } from './model-sections.ts'

/** Only what was found counts as good or bad; that nothing was found is neither. */
const COLOURS: Readonly<Record<AbTestOutcome['result'], 'good' | 'bad' | 'plain'>> = {
  won: 'good',
  lost: 'bad',
  stopped: 'bad',
  futile: 'plain',
  'time-up': 'plain',
  'by-hand': 'plain',
  running: 'plain',
}

/** Each A/B run as an answer to the question it was run for, with its figures. */
export function abTestPanels(
  decisions: readonly RolloutDecision[],
  currency: string | undefined,
  formats: Formats,
): Html[] {
  return abTestOutcomes(decisions).map((outcome) => panel(outcome, currency, formats))
}

function panel(outcome: AbTestOutcome, currency: string | undefined, formats: Formats): Html {
  const { abTest } = formats.texts
  const { difference, result, to, isPromoted } = outcome
  const consequence = to !== null && abTest[isPromoted ? 'promoted' : 'returned'](outcome)
  const sentences = sentencesOf(outcome, currency, formats)
  return html`
    <h4>${abTest.title(outcome)}</h4>
    <p class="decision"><span class="badge ${COLOURS[result]}">${abTest.outcomes[result]}</span> ${consequence}</p>
    <ul class="reasons">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
    ${difference === null ? '' : figure(abTestChart(difference, formats), 'wide')}
    ${armsTable(outcome, currency, formats)}`
}

function sentencesOf(
  outcome: AbTestOutcome,
  currency: string | undefined,
  formats: Formats,
): string[] {
  const { abTest } = formats.texts
  const { version, stable, difference, money } = outcome
  const amount = amounts(outcome.metric, currency, formats)
  const sentences = [
    abTest.setting({
      version,
      stable,
      percent: formats.percent(outcome.percent / 100, 0),
      from: formats.day(outcome.from),
      to: outcome.to === null ? abTest.now : formats.day(outcome.to),
    }),
  ]
  if (difference !== null) {
    const { metric, estimate, low, high, alpha, minEffect } = difference
    const interval = {
      value: signed(estimate, amount),
      low: signed(low, amount),
      high: signed(high, amount),
    }
    const misses = formats.percent(alpha, 1)
    const name = abTest.metrics[metric] ?? metric
    sentences.push(abTest.difference({ version, stable, metric: name, misses, ...interval }))
    if (minEffect > 0) sentences.push(abTest.worth(amount(minEffect)))
  }
  if (money !== null && currency !== undefined) {
    const whole = (value: number) => signed(value, (v) => formats.money(v, currency, 0))
    const month = { value: whole(money.value), low: whole(money.low), high: whole(money.high) }
    sentences.push(abTest.money({ version, stable, ...month }))
  }
  return sentences
}

/** A gain shows its sign, as a loss does. */
function signed(value: number, text: (value: number) => string): string {
  return value > 0 ? `+${text(value)}` : text(value)
}

/** Money where the metric is money, plain numbers else. */
function amounts(metric: string, currency: string | undefined, formats: Formats) {
  return (value: number | null): string => {
    if (value === null) return '–'
    return metric === 'valuePerDecision' && currency !== undefined
      ? formats.money(value, currency)
      : formats.number(value)
  }
}

function armsTable(outcome: AbTestOutcome, currency: string | undefined, formats: Formats): Html {
  const { abTest, words } = formats.texts
  const { arms, metric, version, stable } = outcome
  if (arms === null) return html``
  const amount = amounts(metric, currency, formats)
  const row = (name: 'treatment' | 'control', number: number) => [
    abTest.arms[name],
    `v${number}`,
    formats.number(arms[name].keys),
    formats.number(arms[name].labelled),
    amount(arms[name].mean),
  ]
  const head = [
    abTest.arm,
    words.version,
    abTest.keys,
    abTest.labelled,
    abTest.metrics[metric] ?? metric,
  ]
  return table(head, [row('treatment', version), row('control', stable)])
}
