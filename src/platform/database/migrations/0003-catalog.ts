import { migration } from './migration.ts'

export const catalog = migration('catalog', () => '')
