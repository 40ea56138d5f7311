import { governanceErrors } from './errors.ts'

/** @throws REASON_NEEDED */
export function requireReason(what: string, reason: string): void {
  if (reason.trim() === '') throw governanceErrors.REASON_NEEDED({ what })
}
