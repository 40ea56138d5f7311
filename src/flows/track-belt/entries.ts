import { canonicalJson } from '../../core/identity/index.ts'
import type { Reason } from '../../core/records/index.ts'
import type { Parameter } from '../../platform/tracking/index.ts'
import type { MetricSeries } from './settle-run.ts'

/** The longest texts that a tracking store keeps, with room to say that they were cut. */
const PARAMETER_CHARACTERS = 5_900
const TAG_CHARACTERS = 7_900
const KEY_CHARACTERS = 250

/** A name as tracking stores take it: characters that they refuse become `_`. */
export function entryKey(name: string): string {
  const key = name
    .replace(/[^\p{L}\p{N}\p{M}_.\- :]/gu, '_')
    .replace(/^\.+$/, '_')
    .slice(0, KEY_CHARACTERS)
  return key.startsWith('..') ? `_${key}` : key
}

/** Parameters by name; what is no text is written as JSON, nulls are left out. */
export function parametersOf(values: Readonly<Record<string, unknown>>): Parameter[] {
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue
    const text = typeof value === 'string' ? value : canonicalJson(value)
    texts.set(entryKey(name), cut(text, PARAMETER_CHARACTERS))
  }
  return [...texts].map(([key, value]) => ({ key, value }))
}

/** Metrics of one value each; what was not measured is left out. */
export function singleMetrics(
  values: Readonly<Record<string, number | null | undefined>>,
): MetricSeries[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === null
      ? []
      : [{ key: entryKey(name), points: [{ step: 0, value, afterMs: 0 }] }],
  )
}

/** Tags by name; those without a value are left out. */
export function tagsOf(
  values: Readonly<Record<string, string | number | null | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === null
        ? []
        : [[entryKey(name), cut(String(value), TAG_CHARACTERS)] as const],
    ),
  )
}

/** Reasons as a person reads them. */
export function reasonsText(reasons: readonly Reason[]): string {
  return reasons.map(({ message }) => message).join('\n')
}

function cut(text: string, characters: number): string {
  // No database keeps NUL in a text.
  const kept = text.replaceAll('\0', '\uFFFD')
  return kept.length <= characters ? kept : `${kept.slice(0, characters)}… (cut)`
}
