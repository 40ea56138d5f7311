export { instantMs } from './common.ts'
export * from './project.ts'
export { COLUMN_TYPES, type ColumnType } from './sources.ts'
export * from './vocabulary.ts'
