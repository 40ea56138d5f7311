import type { Environment } from '../../../core/records/index.ts'
import type { Actor, Transaction } from '../../../platform/database/index.ts'
import type { ModelRow } from '../catalog/catalog-rows.ts'
import { appendEvent } from '../catalog/history.ts'
import { setStanding } from './enter-environment.ts'

export interface EnvironmentExit {
  readonly model: ModelRow
  readonly environment: Environment
  readonly version: number
  readonly by: Actor
  readonly reason: string
  readonly atMs: number
}

/** Takes a version out of an environment, which is empty then. */
export async function leaveEnvironment(
  transaction: Transaction,
  exit: EnvironmentExit,
): Promise<void> {
  const { environment, version, ...rest } = exit
  await appendEvent(transaction, {
    ...rest,
    subject: 'environment',
    place: environment,
    action: 'retire',
    version: null,
    previous: version,
  })
  await setStanding(transaction, exit.model.number, { environment, version: null })
}
