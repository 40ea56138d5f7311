export { GATE_REASONS } from './gate-reasons.ts'
export { judgeGate } from './judge-gate.ts'
