type Special = 'NaN' | 'Infinity' | '-Infinity'

/** JSON has no NaN and no infinities: they travel as texts. */
export function metricText(value: number): number | Special {
  if (Number.isFinite(value)) return value
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? 'Infinity' : '-Infinity'
}

export function metricNumber(value: number | Special): number {
  return typeof value === 'number' ? value : Number(value)
}
