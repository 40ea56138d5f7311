import { join } from 'node:path'
import { createAuditTrail } from '../assurance/audit/index.ts'
import type { Project } from '../core/records/index.ts'
import { type Clock, systemClock } from '../core/time/index.ts'
import { type Actor, type Database, openDatabase } from '../platform/database/index.ts'
import {
  createStepRunner,
  type ProgressListener,
  type StepRunner,
} from '../platform/orchestration/index.ts'
import { openPredictionLog, type PredictionLog } from '../platform/prediction-log/index.ts'
import { type LoadedProject, loadProject } from '../platform/project-file/index.ts'
import {
  type ArtifactStore,
  type OnlineStore,
  openArtifactStore,
  openOnlineStore,
  openRecordStore,
  openRedisOnlineStore,
  openTableEngine,
  type RecordStore,
  type TableEngine,
} from '../platform/storage/index.ts'
import {
  createWorkerPool,
  ensurePythonEnvironment,
  type WorkerPool,
} from '../platform/workers/index.ts'
import type { RawTable } from '../stages/collection/index.ts'
import { makeDataFolder } from './data-folder.ts'
import { keepProgress } from './keep-progress.ts'
import { openLazily, type SharedStores } from './shared-stores.ts'

export interface OpenPlatformOptions {
  readonly projectFolder: string
  /** The project, when somebody has read it already; then its file is not looked at. */
  readonly loaded?: Pick<LoadedProject, 'project' | 'digest' | 'folder'> | undefined
  /** Where files are kept. @default `<project>/.esteira` */
  readonly dataFolder?: string
  /** Where metadata is kept: a path or a URL. @default `<data folder>/metadata.db` */
  readonly databaseUrl?: string | undefined
  /**
   * Where online features are kept: `redis://` or `rediss://`, a server that machines share.
   * @default `ESTEIRA_ONLINE_STORE`, else `<data folder>/online.db`
   */
  readonly onlineStoreUrl?: string | undefined
  readonly onProgress?: ProgressListener
  readonly signal?: AbortSignal
  /** Values for `${env:NAME}` in sources; the process environment when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
  /** Who works here, for the audit trail. @default `ESTEIRA_USER`, else `local`; from `platform` */
  readonly actor?: Actor
  /**
   * Where files of MLflow models go: a folder or `s3://bucket/prefix`, the server's own.
   * @default `ESTEIRA_ARTIFACTS_DESTINATION`, else `<data folder>/mlartifacts`
   */
  readonly artifactsDestination?: string | undefined
}

export interface RecentFetch {
  readonly raw: RawTable
  readonly atMs: number
}

/** Everything a flow works with: the project and the wired adapters. Close it when done. */
export interface Platform extends SharedStores {
  readonly project: Project
  readonly projectDigest: string
  readonly projectFolder: string
  /** The data folder, `<project>/.esteira` unless another one was given. */
  readonly folder: string
  readonly database: Database
  /** The project's part of the database. */
  readonly store: RecordStore
  readonly artifacts: ArtifactStore
  readonly engine: TableEngine
  readonly online: OnlineStore
  readonly log: PredictionLog
  readonly steps: StepRunner
  readonly signal: AbortSignal
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly onProgress: ProgressListener
  /** What was fetched from databases and APIs of late, by source and extraction. */
  readonly recentFetches: Map<string, RecentFetch>
  readonly actor: Actor
  /** The worker pool, started (and its Python environment made) at the first call. */
  workers(): Promise<WorkerPool>
  close(): Promise<void>
}

function lazyWorkers(project: Project, onProgress: ProgressListener, clock: Clock) {
  let pool: Promise<WorkerPool> | undefined
  return {
    workers(): Promise<WorkerPool> {
      pool ??= ensurePythonEnvironment({
        onProgress: (message) =>
          onProgress({ kind: 'note', stage: 'training', message, atMs: clock.now() }),
      }).then(({ python }) => createWorkerPool({ python, size: project.training.parallel }))
      return pool
    },
    async close(): Promise<void> {
      // A pool that never came up has nothing to close; its error was thrown where it was asked for.
      const opened = await pool?.catch(() => undefined)
      await opened?.close()
    },
  }
}

/**
 * Opens a project and wires its adapters: SQLite or PostgreSQL, SQLite or Redis for online features,
 * DuckDB, local files, Python workers.
 * @throws every code of the project file, and those of `openDatabase`.
 */
export async function openPlatform(options: OpenPlatformOptions): Promise<Platform> {
  const loaded = options.loaded ?? (await loadProject(options.projectFolder))
  const { project, folder: projectFolder } = loaded
  const folder = options.dataFolder ?? join(projectFolder, '.esteira')
  makeDataFolder(folder)
  const clock = options.clock ?? systemClock
  const signal = options.signal ?? new AbortController().signal
  const { environment = process.env, artifactsDestination: destination } = options
  const artifacts = openArtifactStore(join(folder, 'artifacts'))
  const database = await openDatabase({ url: options.databaseUrl ?? join(folder, 'metadata.db') })
  const { listener } = createAuditTrail(database, { clock })
  const store = openRecordStore(database, { project: project.name, listener })
  const progress = keepProgress({ database, project: project.name, clock }, options.onProgress)
  const onProgress = progress.listen
  const onlineUrl = options.onlineStoreUrl ?? (environment.ESTEIRA_ONLINE_STORE || undefined)
  const online =
    onlineUrl === undefined
      ? openOnlineStore(join(folder, 'online.db'))
      : openRedisOnlineStore({ url: onlineUrl, project: project.name })
  const log = await openPredictionLog(join(folder, 'predictions'))
  const engine = await openTableEngine({
    temporaryFolder: join(folder, 'tmp'),
    // Sums of floats on several threads differ in their last bits from run to run; equal inputs must
    // give equal digests.
    threads: 1,
  })
  const lazy = lazyWorkers(project, onProgress, clock)
  return {
    project,
    projectDigest: loaded.digest,
    projectFolder,
    folder,
    database,
    store,
    artifacts,
    engine,
    online,
    log,
    steps: createStepRunner({ store, artifacts, onProgress, signal, clock }),
    signal,
    environment,
    clock,
    onProgress,
    recentFetches: new Map(),
    actor: options.actor ?? { name: environment.ESTEIRA_USER || 'local', from: 'platform' },
    ...openLazily({ database, clock, listener, environment, folder, destination }),
    workers: lazy.workers,
    async close() {
      await lazy.close()
      await progress.close()
      engine.close()
      await log.close()
      await online.close()
      await database.close()
    },
  }
}
