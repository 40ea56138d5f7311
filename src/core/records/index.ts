export * from './belt/index.ts'
export * from './project/index.ts'
export { RECORD_KINDS, type RecordKind, type RecordOf } from './record-kinds.ts'
