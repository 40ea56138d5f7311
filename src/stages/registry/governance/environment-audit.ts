import type { Actor, Change } from '../../../platform/database/index.ts'
import { changeBy, versionSubject } from '../catalog/catalog-core.ts'
import type { RegistryEvent } from '../catalog/history.ts'

/** The audit entry of a promotion or a roll-back. */
export function environmentAudit(by: Actor, event: RegistryEvent): Change {
  const { model, project, place: environment, action, version, previous, reason } = event
  return changeBy(by, {
    action: `environment.${action}`,
    subject: version === null ? `model/${model}` : versionSubject(model, version),
    project,
    before: { environment, version: previous },
    after: { environment, version },
    reason,
  })
}
