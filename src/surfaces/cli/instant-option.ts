import { instantMs } from '../../core/records/index.ts'
import { errors } from './errors.ts'

/**
 * Milliseconds of an instant given as an option; undefined when it was not given.
 * @throws INSTANT_INVALID
 */
export function instantOption(option: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  const text = String(value)
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? instantMs(text) : Number.NaN
  if (Number.isNaN(ms)) throw errors.INSTANT_INVALID({ option, got: text })
  return ms
}
