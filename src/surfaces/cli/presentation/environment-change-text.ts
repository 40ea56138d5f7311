import type { EnvironmentChange } from '../../../core/records/index.ts'

function versionText(version: number | null): string {
  return version === null ? 'none' : `version ${version}`
}

/** `production: version 2 → version 3 (promote by ana: better recall)` */
export function environmentChangeText(change: EnvironmentChange): string {
  const { environment, previous, version, action, by, reason } = change
  return `${environment}: ${versionText(previous)} → ${versionText(version)} (${action} by ${by}: ${reason})`
}
