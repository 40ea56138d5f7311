import { expect, test } from 'vitest'
import { ROLLOUT_REASONS } from '../../stages/deployment/index.ts'
import { GATE_REASONS } from '../../stages/gate/index.ts'
import { FEASIBILITY_REASONS } from '../../stages/problem/index.ts'
import { RETRAINING_REASONS } from '../../stages/retraining/index.ts'
import { TUNING_REASONS } from '../../stages/tuning/index.ts'
import { REASONS_PT_BR } from './texts/reasons-pt-br.ts'

test('every reason that a decision can give has a Portuguese sentence', () => {
  const codes = [
    ...FEASIBILITY_REASONS,
    ...GATE_REASONS,
    ...RETRAINING_REASONS,
    ...ROLLOUT_REASONS,
    ...TUNING_REASONS,
  ]
  expect(codes.filter((code) => REASONS_PT_BR[code] === undefined)).toEqual([])
})

test('no two stages share a code, so that each sentence fits the values it is filled with', () => {
  const lists = [
    FEASIBILITY_REASONS,
    GATE_REASONS,
    RETRAINING_REASONS,
    ROLLOUT_REASONS,
    TUNING_REASONS,
  ]
  const all = lists.flatMap((codes) => [...new Set<string>(codes)])
  expect(all.filter((code, i) => all.indexOf(code) !== i)).toEqual([])
})
