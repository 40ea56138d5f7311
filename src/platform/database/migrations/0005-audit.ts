import { migration } from './migration.ts'

export const audit = migration('audit', () => '')
