import { migration } from './migration.ts'

export const access = migration('access', () => '')
