import { errors } from './errors.ts'

/** The number of a version, as `3` or `v3`. @throws COMMAND_INVALID */
export function versionOf(value: unknown): number {
  const version = Number(String(value).replace(/^v/, ''))
  if (Number.isSafeInteger(version) && version > 0) return version
  const reason = `version: expected a whole number such as 3, got "${String(value)}"`
  throw errors.COMMAND_INVALID({ reason })
}
