import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  JSDuckDBValueConverter,
} from '@duckdb/node-api'

const MICROS_PER_SECOND = 1_000_000n

/** ISO 8601 in UTC: milliseconds, or microseconds where the value has them. */
function isoOfMicros(micros: bigint): string {
  const part = ((micros % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND
  const seconds = new Date(Number((micros - part) / 1000n)).toISOString().slice(0, -5)
  const digits = part.toString().padStart(6, '0')
  return `${seconds}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z`
}

function textOfTime(micros: bigint, value: { toString(): string; readonly isFinite: boolean }) {
  // 'infinity' and years beyond JavaScript's calendar keep the engine's own text.
  if (
    !value.isFinite ||
    micros > 8_640_000_000_000_000_000n ||
    micros < -8_640_000_000_000_000_000n
  )
    return value.toString()
  return isoOfMicros(micros)
}

/** Plain JavaScript of a DuckDB value: numbers for all numeric types, ISO text for times. */
export const plainValue: DuckDBValueConverter<unknown> = (
  value: DuckDBValue,
  type: DuckDBType,
  converter: DuckDBValueConverter<unknown>,
): unknown => {
  if (value === null) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object') return value
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return textOfTime(value.micros, value)
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return textOfTime(value.millis * 1000n, value)
  if (value instanceof DuckDBTimestampSecondsValue)
    return textOfTime(value.seconds * MICROS_PER_SECOND, value)
  if (value instanceof DuckDBTimestampNanosecondsValue)
    return textOfTime(value.nanos / 1000n, value)
  if (value instanceof DuckDBDateValue) return value.toString()
  if (value instanceof DuckDBDecimalValue) return value.toDouble()
  // Lists, structs and maps walk down through `converter`, which is this function again.
  return (JSDuckDBValueConverter as DuckDBValueConverter<unknown>)(value, type, converter)
}
