import { migration } from './migration.ts'

export const jobs = migration('jobs', () => '')
