import { userInfo } from 'node:os'
import type { Terminal } from './terminal.ts'

/** Who a change is recorded for: `ESTEIRA_USER`, or the operating system's user. */
export function actingUser(terminal: Terminal): string {
  return terminal.environment.ESTEIRA_USER ?? userInfo().username
}
