/** A span of time: a number of milliseconds, or a text such as `'30s'`, `'15m'`, `'2h'`, `'7d'`, `'4w'`. */
export type Duration = number | string

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

export const DURATION_PATTERN: RegExp = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/

/**
 * Milliseconds of a duration.
 * @throws RangeError when the text is no duration; project files are validated before.
 */
export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') return duration
  const match = DURATION_PATTERN.exec(duration.trim())
  const unit = UNIT_MS[match?.[2] ?? '']
  if (!match || unit === undefined)
    throw new RangeError(`"${duration}" is no duration such as 90s, 15m, 2h, 7d`)
  return Number(match[1]) * unit
}
