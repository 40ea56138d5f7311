import { migration } from './migration.ts'

export const tracking = migration('tracking', () => '')
