import { describe, expect, it } from 'vitest'
import type { Reason, RolloutDecision } from '../../../core/records/index.ts'
import { createFormats, type ReportLanguage } from '../formats.ts'
import { html } from '../html.ts'
import { abTestOutcomes } from './ab-test-outcome.ts'
import { abTestPanels } from './ab-test-panel.ts'

const reason = (code: string, values: Reason['values'] = {}): Reason => ({
  code,
  message: code,
  values,
})

const decision = (parts: Partial<RolloutDecision>): RolloutDecision => ({
  id: 'd',
  endpoint: 'flights',
  action: 'advance',
  version: 2,
  percent: 50,
  reasons: [],
  at: '2024-01-01T00:00:00.000Z',
  ...parts,
})

const metric = 'valuePerDecision'
const started = decision({
  action: 'start-ab-test',
  reasons: [
    reason('canary-passed', { version: 2 }),
    reason('ab-test-started', { version: 2, stable: 1, percent: 50, metric }),
  ],
})
const interval = { estimate: 0.5, low: -1, high: 2, minEffect: 1, alpha: 0.05, better: 'higher' }
const arms = reason('arms-observed', {
  metric,
  treatmentKeys: 410,
  treatmentLabelled: 400,
  treatmentMean: 5.5,
  controlKeys: 390,
  controlLabelled: 380,
  controlMean: 5,
})
const money = reason('money-difference', {
  currency: 'USD',
  value: 14_000,
  low: -28_000,
  high: 56_000,
})

function ended(code: string, action: RolloutDecision['action'], more: Reason[] = []) {
  const values = { metric, ...interval }
  const reasons = [reason(code, values), ...more, money, arms]
  return decision({ action, reasons, at: '2024-01-22T00:00:00.000Z' })
}

function shown(decisions: RolloutDecision[], language: ReportLanguage = 'en'): string {
  return html`${abTestPanels(decisions, 'USD', createFormats(language))}`.html
}

describe('an A/B run in the report', () => {
  it('answers the question it was run for, in money with an interval, arm by arm', () => {
    const text = shown([
      started,
      ended('test-time-up', 'roll-back', [reason('difference-open', { metric, ...interval })]),
    ])
    expect(text).toContain('is version 2 worth more than version 1?')
    expect(text).toMatch(/badge plain">not shown in the time it had<\/span> Version 1 went on/)
    expect(text).toContain('+$0.50, between -$1.00 and +$2.00')
    expect(text).toContain('+$14,000 a month, between -$28,000 and +$56,000')
    expect(text).toMatch(
      /treatment \(new\)<\/td><td[^>]*>v2<\/td><td[^>]*>410<\/td><td[^>]*>400<\/td><td[^>]*>\$5\.50/,
    )
    expect(text).toMatch(/<svg role="img"[\s\S]*no difference[\s\S]*least worth having/)
  })

  it('says the same in Portuguese', () => {
    const text = shown([started, ended('treatment-won', 'complete')], 'pt-BR')
    expect(text).toContain('a versão 2 vale mais que a versão 1?')
    expect(text).toMatch(/badge good">sim<\/span> Desde então a versão 2 responde a tudo/)
    expect(text).toContain('por mês, entre')
  })

  it('tells a run under way, a stopped one and one ended by hand apart', () => {
    const result = (...decisions: RolloutDecision[]) =>
      abTestOutcomes([started, ...decisions])[0]?.result
    expect(result()).toBe('running')
    expect(result(ended('treatment-lost', 'roll-back'))).toBe('lost')
    expect(result(ended('test-futile', 'roll-back'))).toBe('futile')
    expect(result(ended('error-rate-exceeded', 'roll-back'))).toBe('stopped')
    expect(result(ended('latency-ratio-exceeded', 'roll-back'))).toBe('stopped')
    expect(result(ended('promoted-early', 'complete', [reason('asked-for')]))).toBe('by-hand')
    expect(shown([started])).toContain('From 2024-01-01 to now')
    expect(shown([decision({ action: 'start-canary' })])).toBe('')
  })
})
