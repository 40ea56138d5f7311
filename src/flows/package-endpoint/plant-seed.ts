import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuditTrail } from '../../assurance/audit/index.ts'
import { type EndpointState, endpointStateSchema } from '../../core/records/index.ts'
import { type Clock, isoTime } from '../../core/time/index.ts'
import { type ChangeListener, type Database, openDatabase } from '../../platform/database/index.ts'
import {
  copyOnlineViews,
  openArtifactStore,
  openRecordStore,
  type RecordStore,
} from '../../platform/storage/index.ts'
import { endpointStateName } from '../../stages/deployment/index.ts'
import { createModelCatalog, importVersion } from '../../stages/registry/catalog/index.ts'
import { packageEndpointErrors } from './errors.ts'
import { SEED_FILES, type Seed, seedSchema } from './seed.ts'

export interface PlantSeedOptions {
  /** The image's folder with the seed; only read. */
  readonly from: string
  /** Where everything that is written goes; empty at the first start. */
  readonly dataFolder: string
  /** @default `<data folder>/metadata.db` */
  readonly databaseUrl?: string | undefined
  readonly clock: Clock
}

const IMAGE = { name: 'image', from: 'platform' }

/**
 * Makes a data folder serve what an image carries: its version answers all traffic of its endpoint.
 * Again, it changes nothing; a folder of an image with another version keeps its predictions and
 * accounts and changes the version.
 * @throws SEED_UNREADABLE, VERSION_RECORDED, and those of the stores
 */
export async function plantSeed({
  from,
  dataFolder,
  databaseUrl,
  clock,
}: PlantSeedOptions): Promise<Seed> {
  const seed = readSeed(join(from, SEED_FILES.seed))
  mkdirSync(dataFolder, { recursive: true })
  const artifacts = openArtifactStore(join(dataFolder, 'artifacts'))
  const { digest, name } = seed.version.artifact
  if (!artifacts.has(digest)) {
    const file = join(from, SEED_FILES.model)
    const kept = await artifacts.putFile(file, { name })
    if (kept.digest !== digest) {
      const reason = `expected the digest ${digest}, got ${kept.digest}`
      throw packageEndpointErrors.SEED_UNREADABLE({ path: file, reason })
    }
  }
  const features = join(from, SEED_FILES.features)
  if (existsSync(features)) {
    const to = join(dataFolder, 'online.db')
    await copyOnlineViews({ from: features, to, views: seed.views })
  }
  const database = await openDatabase({ url: databaseUrl ?? join(dataFolder, 'metadata.db') })
  try {
    const { listener } = createAuditTrail(database, { clock })
    await plantRecords(seed, { database, listener, clock })
  } finally {
    await database.close()
  }
  return seed
}

function readSeed(path: string): Seed {
  try {
    return seedSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw packageEndpointErrors.SEED_UNREADABLE({ path, reason }, error)
  }
}

interface PlantParts {
  readonly database: Database
  readonly listener: ChangeListener
  readonly clock: Clock
}

/** Each part can be repeated; the endpoint changes last, when all that it names is there. */
async function plantRecords(seed: Seed, { database, listener, clock }: PlantParts): Promise<void> {
  const { version, dataset, project } = seed
  const store = openRecordStore(database, { project, listener })
  await store.put('model-version', version.id, version)
  if (dataset !== null && version.lineage.dataset !== null) {
    await store.put('dataset', version.lineage.dataset, dataset)
  }
  const catalog = createModelCatalog(database, { clock, listener })
  if ((await catalog.findModel(version.model)) === undefined) {
    await catalog.createModel(IMAGE, { name: version.model, project })
  }
  const source = `esteira-artifact:/${version.artifact.digest}`
  const given = {
    model: version.model,
    version: version.version,
    source,
    artifactUri: source,
    recordId: version.id,
    user: IMAGE.name,
    stage: 'None',
    status: 'READY',
    createdAtMs: Date.parse(version.createdAt),
    reason: 'packed into this image',
  } as const
  await importVersion(database, { by: IMAGE, given, nowMs: clock.now(), listener })
  await turnEndpoint(store, seed, clock)
}

/** An image is one version: whatever the folder served before, this one answers alone. */
async function turnEndpoint(store: RecordStore, seed: Seed, clock: Clock): Promise<void> {
  const name = endpointStateName(seed.endpoint)
  const { revision, value } = await store.readState<unknown>(name)
  const known = value === undefined ? undefined : endpointStateSchema.parse(value)
  const { version, model } = seed.version
  if (known?.stable === version && known.state === 'stable' && known.previous === null) return
  const state: EndpointState = {
    endpoint: seed.endpoint,
    model,
    state: 'stable',
    stable: version,
    previous: null,
    canary: null,
    updatedAt: isoTime(clock.now()),
  }
  await store.writeState(name, state, revision)
}
