const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** A span of time as people say it: `340 ms`, `2.4 s`, `3 min 05 s`, `1 h 02 min`. */
export function durationText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(1)} s`
  const pad = (n: number) => String(n).padStart(2, '0')
  if (ms < HOUR_MS) {
    const seconds = Math.round(ms / SECOND_MS)
    return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  }
  const minutes = Math.round(ms / MINUTE_MS)
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
}

const wholeNumber = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const shortNumber = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 })

/** `336,776` for whole and large numbers, four significant digits for the others. */
export function numberText(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 10_000
    ? wholeNumber.format(value)
    : shortNumber.format(value)
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** Bytes in decimal units: `1.4 MB`. */
export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1)
  const amount = bytes / 1_000 ** step
  return `${step === 0 ? amount : amount.toFixed(1)} ${BYTE_UNITS[step] ?? 'B'}`
}

/** `2013-07-01 06:00` in UTC; the project's time zone is UTC everywhere. */
export function timeText(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

/** `1 run`, `3 runs`. */
export function countText(count: number, singular: string, plural = `${singular}s`): string {
  return `${numberText(count)} ${count === 1 ? singular : plural}`
}
