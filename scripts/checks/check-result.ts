/** What one check found: a line that says what was looked at, and every fault. */
export interface CheckResult {
  /** For a clean result, with a number that shows that something was looked at. */
  readonly summary: string
  readonly faults: readonly string[]
}
