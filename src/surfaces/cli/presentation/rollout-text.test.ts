import { describe, expect, it } from 'vitest'
import type { RolloutStatus } from '../../../flows/index.ts'
import { rolloutDecisionsText, rolloutStatusText } from './rollout-text.ts'

const side = { errors: 0, latencyP95Ms: 2, valuePerDecision: 1.5, labelled: 40 }
const status: RolloutStatus = {
  state: {
    endpoint: 'delays',
    model: 'flights',
    state: 'canary',
    stable: 2,
    previous: 1,
    canary: { version: 3, step: 0, percent: 10, since: '2024-01-01T00:00:00.000Z' },
    updatedAt: '2024-01-01T00:00:00.000Z',
  },
  traffic: [
    { version: 2, role: 'stable', percent: 90 },
    { version: 3, role: 'canary', percent: 10 },
  ],
  rollout: {
    kind: 'canary',
    version: 3,
    since: '2024-01-01T00:00:00.000Z',
    step: { number: 1, of: 2 },
    next: 'wait',
    reasons: [{ code: 'bake-not-over', message: 'the step has baked 5 s of 3600 s', values: {} }],
    afterwards: 'ab-test',
    nextStepAt: '2024-01-01T01:00:00.000Z',
    evidence: {
      stable: { ...side, requests: 900 },
      challenger: { ...side, requests: 100, latencyP95Ms: null },
      drift: { psi: 0.0123, noise: 0.1 },
    },
  },
}

describe('a rollout for people', () => {
  it('shows the split, what is waited for, the evidence and when its time ends', () => {
    const text = rolloutStatusText(status)
    expect(text).toMatch(/v2 +stable +90 %\nv3 +canary +10 %/)
    expect(text).toMatch(/under way +canary of version 3, since 2024-01-01 00:00/)
    expect(text).toMatch(/step +1 of 2/)
    expect(text).toMatch(/when it does well +an A\/B run/)
    expect(text).toMatch(/its time ends +2024-01-01 01:00/)
    expect(text).toContain('  - the step has baked 5 s of 3600 s')
    expect(text).toMatch(/new +100 +– +40 +1\.5/)
    expect(text).toContain('prediction drift (PSI) 0.012')
  })

  it('says when nothing is under way, and when nothing ever was', () => {
    expect(rolloutStatusText({ ...status, rollout: null })).toContain('no rollout is under way')
    expect(rolloutDecisionsText([])).toBe('nothing was ever rolled out')
  })

  it('tells each decision with its reasons', () => {
    const reasons = status.rollout?.reasons.map((reason) => ({ ...reason })) ?? []
    const at = '2024-01-02T00:00:00.000Z'
    const decision = { id: 'd', endpoint: 'delays', version: 3, percent: 0, reasons, at }
    expect(rolloutDecisionsText([{ ...decision, action: 'roll-back' }])).toBe(
      '2024-01-02 00:00  roll-back  version 3 at 0 %\n  - the step has baked 5 s of 3600 s',
    )
  })
})
