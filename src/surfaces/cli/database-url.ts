import type { Terminal } from './terminal.ts'

/** Where metadata is kept, as the environment says; undefined for the project's own file. */
export function databaseUrl(environment: Terminal['environment']): string | undefined {
  return environment.ESTEIRA_DATABASE_URL || undefined
}
