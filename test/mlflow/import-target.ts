import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/core/time/index.ts'
import {
  type ImportReport,
  importMlflow,
  type OpenSourceOptions,
  openSource,
} from '../../src/flows/index.ts'
import { type ArtifactFiles, openArtifactFiles } from '../../src/platform/artifact-files/index.ts'
import { type Change, type Database, openDatabase } from '../../src/platform/database/index.ts'
import { createTrackingStore, type TrackingStore } from '../../src/platform/tracking/index.ts'
import { createModelCatalog, type ModelCatalog } from '../../src/stages/registry/catalog/index.ts'

export interface ImportTarget {
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  readonly files: ArtifactFiles
  /** Every change that was told of. */
  readonly changes: Change[]
  import(from: string, options?: ImportSettings): Promise<ImportReport>
  close(): Promise<void>
}

export interface ImportSettings extends OpenSourceOptions {
  readonly dryRun?: boolean
  readonly renamePrefix?: string
}

const BY = { name: 'ana', from: 'test' }

/** The stores of a server, on this database and folder; a folder is made and removed when absent. */
export async function openTarget(url: string, folder?: string): Promise<ImportTarget> {
  const place = folder ?? mkdtempSync(join(tmpdir(), 'esteira-import-'))
  const database: Database = await openDatabase({ url, connections: 4 })
  const files = await openArtifactFiles(place)
  const changes: Change[] = []
  const wiring = {
    clock: systemClock,
    listener: async (_: unknown, some: readonly Change[]) => void changes.push(...some),
  }
  const artifactRoot = 'mlflow-artifacts:/'
  const tracking = await createTrackingStore(database, {
    ...wiring,
    defaultArtifactRoot: artifactRoot,
  })
  const catalog = createModelCatalog(database, wiring)
  return {
    tracking,
    catalog,
    files,
    changes,
    async import(from, { dryRun = false, renamePrefix = '', ...options } = {}) {
      const source = await openSource(from, options)
      const names = { project: 'default', renamePrefix, artifactRoot, by: BY }
      const stores = { source, database, tracking, catalog, files: async () => files }
      try {
        return await importMlflow({ ...names, ...stores, ...wiring, dryRun })
      } finally {
        await source.close()
      }
    },
    async close() {
      await database.close()
      if (folder === undefined) rmSync(place, { recursive: true, force: true })
    },
  }
}

/** All that is in a target, without numbers that depend on the order of the import. */
export async function contentOf({ tracking, catalog, files }: ImportTarget) {
  const { items: experiments } = await tracking.searchExperiments({ view: 'all', maxResults: 100 })
  const ids = experiments.map(({ id }) => id)
  const found = { experimentIds: ids, view: 'all', maxResults: 100 } as const
  const { items: runs } = await tracking.searchRuns(found)
  const { items: models } = await tracking.searchLoggedModels({
    experimentIds: ids,
    maxResults: 50,
  })
  const { items: versions } = await catalog.searchVersions({ maxResults: 100 })
  const nameOf = (id: string) => experiments.find((one) => one.id === id)?.name
  const plain = (uri: string) => uri.replace(/^mlflow-artifacts:\/\d+/, '')
  return {
    experiments: experiments.map(({ name, lifecycle, tags }) => {
      const { 'esteira.imported.from': _, ...rest } = tags
      return { name, lifecycle, tags: rest }
    }),
    runs: await Promise.all(
      runs.map(async (run) => {
        const { artifactUri, experimentId, metrics, parameters, ...rest } = run
        const histories = metrics.map(({ key }) => tracking.metricHistory({ runId: run.id, key }))
        return {
          ...rest,
          experiment: nameOf(experimentId),
          artifactUri: plain(artifactUri),
          parameters: byKey(parameters),
          metrics: byKey((await Promise.all(histories)).flatMap(({ items }) => items)),
        }
      }),
    ),
    models: models.map(({ updatedAtMs: _, experimentId, ...model }) => {
      return { ...model, experiment: nameOf(experimentId), artifactUri: plain(model.artifactUri) }
    }),
    versions: versions.map(({ updatedAtMs: _, source, artifactUri, ...version }) => {
      return { ...version, source: plain(source), artifactUri: plain(artifactUri) }
    }),
    files: await digestsOf(files),
  }
}

export type Content = Awaited<ReturnType<typeof contentOf>>

function byKey<T extends { readonly key: string }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

async function digestsOf(files: ArtifactFiles): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for await (const { path } of files.walk('')) {
    const hash = createHash('sha256')
    for await (const chunk of (await files.get(path)).stream) hash.update(chunk)
    digests[path.replace(/^\d+/, '')] = hash.digest('hex')
  }
  return Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)))
}
