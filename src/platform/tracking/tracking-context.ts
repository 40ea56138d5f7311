import type { Clock } from '../../core/time/index.ts'
import type { Actor, Change, ChangeListener, Database, Transaction } from '../database/index.ts'
import type { EntryKeys } from './entry-keys.ts'

/** What every part of the tracking store works with. */
export interface TrackingContext {
  readonly database: Database
  readonly clock: Clock
  readonly listener: ChangeListener | undefined
  readonly keys: EntryKeys
  /** Where artifacts of an experiment go by default, such as `mlflow-artifacts:/`. */
  readonly defaultArtifactRoot: string
  /** 32 hexadecimal digits, never the same again. */
  readonly newId: () => string
}

export interface Noted {
  readonly by: Actor
  readonly action: string
  readonly subject: string
  readonly project: string
  /** Digests of the content; null when none is compared. */
  readonly before?: string | null
  readonly after?: string | null
}

/** Tells the listener of one change, in the change's own transaction. */
export async function note(
  context: TrackingContext,
  transaction: Transaction,
  { by, before = null, after = null, ...what }: Noted,
): Promise<void> {
  const change: Change = { ...what, actor: by, before, after, reason: null }
  await context.listener?.(transaction, [change])
}

/** `mlflow-artifacts:/` and `7` make `mlflow-artifacts:/7`, whatever slashes and queries there are. */
export function joinUri(root: string, ...segments: readonly string[]): string {
  const cut = root.search(/[?#]/)
  const path = cut < 0 ? root : root.slice(0, cut)
  const rest = cut < 0 ? '' : root.slice(cut)
  return `${path.replace(/\/+$/, '')}/${segments.join('/')}${rest}`
}
