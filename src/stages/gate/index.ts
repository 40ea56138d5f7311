export type { Baselines, Evidence } from './finding.ts'
export { GATE_REASONS, type GateReason } from './gate-reasons.ts'
export { type JudgeGateOptions, judgeGate } from './judge-gate.ts'
