import type { Actor, Queries } from '../../../platform/database/index.ts'
import { type CatalogCore, changeBy, changing, versionSubject } from '../catalog/catalog-core.ts'
import { lockModel, modelRow, versionRow } from '../catalog/catalog-rows.ts'
import { governanceErrors } from './errors.ts'
import type { CardRevision, Governance } from './governance.ts'
import { requireReason } from './require-reason.ts'

const MAX_CARD_CHARACTERS = 100_000

/** What people wrote about a version, newest first. */
export async function cardRevisions(
  queries: Queries,
  at: { readonly model: string; readonly version: number },
): Promise<CardRevision[]> {
  const model = await modelRow(queries, at.model)
  const version = await versionRow(queries, model, at.version)
  const rows = await queries
    .selectFrom('catalog_card_revisions')
    .selectAll()
    .where('model', '=', version.model)
    .where('version', '=', version.version)
    .orderBy('revision', 'desc')
    .execute()
  return rows.map(({ revision, text, author, reason, at_ms }) => ({
    revision,
    text,
    author,
    reason,
    atMs: at_ms,
  }))
}

/** Adds a revision after the one that the editor has read; nothing is ever overwritten. */
export async function editCard(
  core: CatalogCore,
  by: Actor,
  edit: Parameters<Governance['editCard']>[1],
): Promise<CardRevision> {
  const { text, reason, after } = edit
  requireReason('An edit of a model card', reason)
  if (text.length > MAX_CARD_CHARACTERS) {
    throw governanceErrors.CARD_TOO_LONG({ length: text.length, most: MAX_CARD_CHARACTERS })
  }
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, edit.model)
    const { version } = await versionRow(transaction, model, edit.version)
    const newest = await transaction
      .selectFrom('catalog_card_revisions')
      .select(['revision', 'text'])
      .where('model', '=', model.number)
      .where('version', '=', version)
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst()
    const current = newest?.revision ?? 0
    if (current !== after) throw governanceErrors.CARD_CHANGED({ read: after, current })
    const atMs = core.clock.now()
    const revision = current + 1
    await transaction
      .insertInto('catalog_card_revisions')
      .values({
        model: model.number,
        version,
        revision,
        text,
        author: by.name,
        origin: by.from,
        reason,
        at_ms: atMs,
      })
      .execute()
    const audit = changeBy(by, {
      action: 'card.edit',
      subject: versionSubject(model.name, version),
      project: model.project,
      before: newest && { text: newest.text },
      after: { text },
      reason,
    })
    return { value: { revision, text, author: by.name, reason, atMs }, changes: [audit] }
  })
}
