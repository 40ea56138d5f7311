import { canonicalJson } from '../../core/identity/index.ts'
import { storageErrors } from './errors.ts'
import type { OnlineRow } from './online-store.ts'
import type { SqlValue } from './table-engine.ts'

/**
 * The one text of an entity's keys. A whole number is the same key whether it came as number or
 * bigint; `'1'` is another.
 * @throws ENTRY_INVALID for a number that is not finite
 */
export function keyText(view: string, keys: readonly SqlValue[]): string {
  let text = '['
  for (let i = 0; i < keys.length; i++) {
    if (i > 0) text += ','
    text += oneKey(view, keys[i] ?? null)
  }
  return `${text}]`
}

function oneKey(view: string, key: SqlValue): string {
  if (typeof key === 'bigint') {
    const number = Number(key)
    return Number.isSafeInteger(number) ? String(number) : `{"bigint":"${key}"}`
  }
  if (typeof key === 'number' && !Number.isFinite(key)) {
    throw refusal(view, `a key is ${key}`)
  }
  return JSON.stringify(key)
}

/** @throws ENTRY_INVALID */
export function valuesText(view: string, values: OnlineRow['values']): string {
  // NaN is how a missing number looks in memory; null is how it is kept.
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' && Number.isNaN(value) ? null : value,
  ])
  try {
    return canonicalJson(Object.fromEntries(entries))
  } catch (error) {
    throw refusal(view, error instanceof Error ? error.message : String(error), error)
  }
}

/** @throws ENTRY_INVALID for a part of a millisecond */
export function checkedEventTime(view: string, ms: number): number {
  if (Number.isSafeInteger(ms)) return ms
  throw refusal(view, `event time ${ms} is no whole number of milliseconds`)
}

function refusal(view: string, reason: string, cause?: unknown): Error {
  return storageErrors.ENTRY_INVALID({ store: 'online store', id: view, reason }, cause)
}
