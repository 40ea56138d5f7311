import type { EnvironmentChange } from '../../core/records/index.ts'

/**
 * The versions of an environment, oldest first, as they would be reached by going back again and
 * again: a promotion stands on top of what was there, a roll-back takes what it left off the line
 * for good. The last one stands in the environment now; `null` stands for "none" after a retirement.
 */
export function environmentLine(history: readonly EnvironmentChange[]): readonly (number | null)[] {
  const line: (number | null)[] = []
  for (const { action, version } of history) {
    if (action === 'rollback') {
      line.pop()
      while (line.length > 0 && line.at(-1) !== version) line.pop()
      if (line.length === 0) line.push(version)
    } else if (line.at(-1) !== version) {
      line.push(version)
    }
  }
  return line
}

/** The version that a roll-back leads to, if there is one. */
export function versionBefore(line: readonly (number | null)[]): number | undefined {
  return line.slice(0, -1).findLast((version) => version !== null) ?? undefined
}
