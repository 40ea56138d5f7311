import { readFile } from 'node:fs/promises'
import type { Database } from '../platform/database/index.ts'
import { type ArtifactStore, openRecordStore } from '../platform/storage/index.ts'
import type { ModelCatalog } from '../stages/registry/catalog/index.ts'
import type { CardRevision, Governance } from '../stages/registry/governance/index.ts'

export interface ReadCardOptions {
  readonly database: Database
  readonly artifacts: ArtifactStore
  readonly catalog: Pick<ModelCatalog, 'version'>
  readonly governance: Pick<Governance, 'cardRevisions'>
  readonly model: string
  readonly version: number
}

/** A version's card: what was measured, which nobody edits, and what people wrote. */
export interface ModelCard {
  /** Markdown that the belt made from its records; null for a version without a record. */
  readonly facts: string | null
  /** Newest first. */
  readonly revisions: readonly CardRevision[]
  /** Both as one page of Markdown. */
  readonly page: string
}

/** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ARTIFACT_MISSING */
export async function readCard(options: ReadCardOptions): Promise<ModelCard> {
  const { catalog, governance, model, version } = options
  const { project, recordId } = await catalog.version(model, version)
  const facts = recordId === null ? null : await factsOf(options, { project, recordId })
  const revisions = await governance.cardRevisions(model, version)
  return { facts, revisions, page: pageOf({ model, version }, facts, revisions[0]) }
}

async function factsOf(
  { database, artifacts }: ReadCardOptions,
  { project, recordId }: { readonly project: string; readonly recordId: string },
): Promise<string | null> {
  const record = await openRecordStore(database, { project }).get('model-version', recordId)
  if (record === undefined) return null
  return readFile(artifacts.pathOf(record.card.digest), 'utf8')
}

function pageOf(
  { model, version }: { readonly model: string; readonly version: number },
  facts: string | null,
  newest: CardRevision | undefined,
): string {
  const head = facts ?? `# ${model}, version ${version}\n\nNo facts: no belt made or adopted it.\n`
  if (newest === undefined) return head
  const { author, atMs, revision, text } = newest
  const day = new Date(atMs).toISOString().slice(0, 10)
  return `${head.trimEnd()}\n\n---\n\n## Notes\n\n_Revision ${revision}, by ${author}, ${day}._\n\n${text.trimEnd()}\n`
}
