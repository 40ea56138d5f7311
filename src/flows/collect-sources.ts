import { z } from 'zod'
import { digestOfValue } from '../core/identity/index.ts'
import type { Source } from '../core/records/index.ts'
import { artifactRefSchema, type Snapshot, snapshotSchema } from '../core/records/index.ts'
import {
  fetchRaw,
  fingerprintFiles,
  type RawTable,
  sourceOrder,
  takeSnapshot,
} from '../stages/collection/index.ts'
import type { BeltJournal } from './belt-journal.ts'

const FETCH_CODE_VERSION = 1
const SNAPSHOT_CODE_VERSION = 1
/** A database or an API that answered within this time is not asked again by the same process. */
const REASK_AFTER_MS = 60_000

const rawTableSchema = z.strictObject({
  table: artifactRefSchema,
  origin: z.string(),
  rows: z.number().int(),
})

export type Snapshots = Readonly<Record<string, Snapshot>>

function isFileSource(source: Source): boolean {
  return source.kind === 'parquet' || source.kind === 'csv' || source.kind === 'json-lines'
}

/** The part of a definition that decides what is extracted. */
function extraction(source: Source): unknown {
  const {
    expectations: _rules,
    tolerance: _tolerance,
    knownAt: _knownAt,
    description: _text,
    ...rest
  } = source
  return rest
}

async function fetchSource(journal: BeltJournal, name: string, source: Source): Promise<RawTable> {
  const { platform } = journal
  const { artifacts, engine, environment, projectFolder, signal } = platform
  const fetchWith = (progress: (share: number, message?: string) => void) =>
    fetchRaw({ name, source, projectFolder, environment, engine, artifacts, signal, progress })
  if (!isFileSource(source)) {
    const key = `${name} ${digestOfValue(extraction(source))}`
    const recent = platform.recentFetches.get(key)
    const nowMs = platform.clock.now()
    if (recent !== undefined && nowMs - recent.atMs < REASK_AFTER_MS) return recent.raw
    // Nobody can tell whether a database or an API has changed but by asking; equal content then
    // has an equal digest, and nothing after this step is computed again.
    const raw = await journal.always('collection', `fetch ${name}`, () =>
      fetchWith((share, message) =>
        platform.onProgress({
          kind: 'step-progress',
          stage: 'collection',
          name: `fetch ${name}`,
          share,
          ...(message === undefined ? {} : { message }),
          atMs: platform.clock.now(),
        }),
      ),
    )
    platform.recentFetches.set(key, { raw, atMs: nowMs })
    return raw
  }
  return journal.step({
    stage: 'collection',
    name: `fetch ${name}`,
    codeVersion: FETCH_CODE_VERSION,
    inputs: { source: extraction(source), files: await fingerprintFiles(source, projectFolder) },
    output: rawTableSchema,
    artifacts: (raw) => [raw.table.digest],
    run: (context) => fetchWith((share, message) => context.progress(share, message)),
  })
}

/** Does the snapshot depend on the data horizon? */
function needsHorizon(source: Source): boolean {
  return (
    source.knownAt !== undefined || source.expectations.some((rule) => rule.expect === 'freshness')
  )
}

/** Stage 2: an immutable snapshot of every source as of the journal's instant. */
export async function collectSources(journal: BeltJournal): Promise<Snapshots> {
  const { platform, asOfMs } = journal
  const { project, artifacts, engine, store } = platform
  const snapshots: Record<string, Snapshot> = {}
  for (const name of sourceOrder(project.sources)) {
    const source = project.sources[name]
    if (source === undefined) continue
    const raw = await fetchSource(journal, name, source)
    const references = source.expectations.flatMap((rule) =>
      rule.expect === 'reference' ? [rule.source] : [],
    )
    const referenced = Object.fromEntries(
      references.flatMap((other) => {
        const snapshot = snapshots[other]
        return snapshot === undefined ? [] : [[other, snapshot]]
      }),
    )
    const snapshot = await journal.step<Snapshot>({
      stage: 'collection',
      name: `snapshot ${name}`,
      codeVersion: SNAPSHOT_CODE_VERSION,
      inputs: {
        name,
        raw: raw.table.digest,
        origin: raw.origin,
        knownAt: source.knownAt ?? null,
        expectations: source.expectations,
        tolerance: source.tolerance,
        asOfMs: needsHorizon(source) ? asOfMs : null,
        references: Object.values(referenced).map((s) => s.table.digest),
      },
      output: snapshotSchema,
      artifacts: (output) => [output.table.digest],
      run: () =>
        takeSnapshot({ name, source, raw, asOfMs, references: referenced, engine, artifacts }),
    })
    await store.put('snapshot', `${name}@${snapshot.table.digest.slice(0, 16)}`, snapshot)
    snapshots[name] = snapshot
  }
  return snapshots
}
