import { createHash } from 'node:crypto'
import type { SourcePoint } from './source-records.ts'

/** One point as a text that is the same wherever the point is kept. */
export function pointText({ timestampMs, step, value }: Omit<SourcePoint, 'key'>): string {
  // Adding 0 makes −0, which SQLite does not keep, a 0.
  return `${timestampMs} ${step} ${value + 0}`
}

/** SHA-256 of a metric's points, whatever their order; a point that is there twice counts once. */
export function metricDigest(points: Iterable<string>): string {
  return digestOfTexts([...new Set(points)])
}

/** SHA-256 of texts, whatever their order. */
export function digestOfTexts(texts: readonly string[]): string {
  return createHash('sha256').update(texts.toSorted().join('\n')).digest('hex')
}
