import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson, type Digest, digestOfValue } from '../../core/identity/index.ts'
import { loadProject } from '../../platform/project-file/index.ts'
import { copyOnlineViews } from '../../platform/storage/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'
import type { Platform } from '../platform.ts'
import { chooseForImage, type ImageVersion } from './choose-for-image.ts'
import { packageEndpointErrors } from './errors.ts'
import { packedProject } from './packed-project.ts'
import { SEED_FILES, type Seed } from './seed.ts'

export type SeedParts = Pick<
  Platform,
  'store' | 'database' | 'artifacts' | 'project' | 'folder' | 'environment'
>

export interface GatheredSeed {
  readonly seed: Seed
  /** Of the packed project. */
  readonly projectDigest: Digest
  /** The model's file in the artifact store; the other files are in the folder. */
  readonly model: string
  /** Entities whose features go along. */
  readonly entities: number
}

/**
 * Writes what an image serves into a folder: one version, the project, the features it looks up.
 * The model's bytes are compared with their digest; nothing else of the project is read.
 *
 * @throws NOTHING_DEPLOYED, VERSION_NOT_FOUND, VERSION_RETIRED, ALIAS_NOT_FOUND, ARTIFACT_CORRUPT
 */
export async function gatherSeed(
  parts: SeedParts,
  options: { readonly folder: string; readonly version: ImageVersion; readonly release: string },
): Promise<GatheredSeed> {
  const { store, artifacts, project } = parts
  const { folder, release } = options
  const version = await chooseForImage(parts, options.version)
  await artifacts.verify(version.artifact.digest)
  const dataset = await store.get('dataset', version.lineage.dataset ?? '')
  const projectDigest = await writeProject(parts, folder)
  const { views, entities } = await gatherFeatures(parts, viewsOf(version), folder)
  const seed: Seed = {
    schemaVersion: 1,
    release,
    project: project.name,
    endpoint: endpointName(project),
    version,
    dataset: dataset ?? null,
    views,
  }
  writeFileSync(join(folder, SEED_FILES.seed), canonicalJson(seed))
  return { seed, projectDigest, model: artifacts.pathOf(version.artifact.digest), entities }
}

type VersionOfSeed = Seed['version']

function viewsOf({ signature }: VersionOfSeed): string[] {
  return [...new Set(signature.inputs.flatMap(({ view }) => view ?? []))].toSorted()
}

/** The project as data must say the same as the project file said. */
async function writeProject({ project }: SeedParts, folder: string): Promise<Digest> {
  const packed = packedProject(project)
  const file = join(folder, SEED_FILES.project)
  writeFileSync(file, `${JSON.stringify(packed, null, 2)}\n`)
  const { digest } = await loadProject(file)
  if (digest !== digestOfValue(packed)) {
    const reason = 'the project reads differently once it is written as JSON'
    throw packageEndpointErrors.SEED_UNREADABLE({ path: file, reason })
  }
  return digest
}

/** Features of an online store elsewhere stay there: the container asks it. */
async function gatherFeatures(
  { folder: dataFolder, environment }: SeedParts,
  views: readonly string[],
  folder: string,
): Promise<{ views: string[]; entities: number }> {
  const from = join(dataFolder, 'online.db')
  const isElsewhere = (environment.ESTEIRA_ONLINE_STORE ?? '') !== ''
  if (views.length === 0 || isElsewhere || !existsSync(from)) return { views: [], entities: 0 }
  const to = join(folder, SEED_FILES.features)
  const entities = await copyOnlineViews({ from, to, views, isFinal: true })
  return { views: [...views], entities }
}
