import { statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ImageLayer,
  type ImageParts,
  readImageName,
  requireFree,
  type TarEntry,
  type WrittenImage,
  writeImage,
} from '../../platform/oci-image/index.ts'
import type { Platform } from '../platform.ts'
import type { ImageVersion } from './choose-for-image.ts'
import { packageEndpointErrors } from './errors.ts'
import { type GatheredSeed, gatherSeed } from './gather-seed.ts'
import { type ImageProgram, programLayers } from './image-layers.ts'
import { PLACES } from './image-places.ts'
import { imageLabels, imageSettings } from './image-settings.ts'
import { SEED_FILES } from './seed.ts'
import { type BuildContext, requirePinned, writeBuildContext } from './write-build-context.ts'

interface CommonOptions {
  readonly version: ImageVersion
  readonly program: ImageProgram
  /** Release of this package. */
  readonly release: string
  /** A new file or folder. */
  readonly output: string
  /** Time of everything in it: seconds since 1970. */
  readonly createdSeconds: number
  readonly onProgress?: (message: string) => void
}

export interface PackageImageOptions extends CommonOptions {
  readonly form: 'archive' | 'layout'
  /** `repository[:tag]`; `<endpoint>:<version>` when absent. */
  readonly name?: string | undefined
}

export interface PackageContextOptions extends CommonOptions {
  /** Pinned: `name@sha256:…`. */
  readonly baseImage: string
}

/** What went into an image. */
export interface PackedEndpoint {
  readonly endpoint: string
  readonly model: string
  readonly version: number
  readonly modelDigest: string
  readonly views: readonly string[]
  /** Entities whose features are in it. */
  readonly entities: number
}

export type PackedImage = PackedEndpoint & WrittenImage & { readonly name: string }
export type PackedContext = PackedEndpoint & BuildContext

type PackageParts = Pick<
  Platform,
  'store' | 'database' | 'artifacts' | 'project' | 'folder' | 'environment' | 'signal'
>

/**
 * Writes a container image that answers predictions of one version: Node, the system's libraries,
 * the packages that serving needs, this package, and the version with the features it looks up. No
 * other version, no prediction, no account, no source's address.
 *
 * @throws IMAGE_NAME_INVALID, IMAGE_OUTPUT_TAKEN, IMAGE_UNWRITABLE, STORAGE_FULL,
 *   PACKAGE_SYSTEM_UNSUPPORTED, DEPENDENCY_MISSING, LIBRARY_MISSING, and those of `chooseForImage`
 */
export async function packageImage(
  parts: PackageParts,
  options: PackageImageOptions,
): Promise<PackedImage> {
  requireLinux()
  const { output, form, createdSeconds, onProgress } = options
  requireFree(output)
  const given = options.name === undefined ? undefined : readImageName(options.name)
  return withSeed(parts, options, async (gathered, endpoint) => {
    const { libraries, runtime, dependencies, code, start, licences } = programLayers(
      options.program,
      true,
    )
    const { seed } = gathered
    const name = given ?? readImageName(`${seed.endpoint}:${seed.version.version}`)
    const image: ImageParts = {
      name,
      settings: imageSettings(gathered, { start, licences }),
      annotations: {
        ...imageLabels(gathered, licences),
        'org.opencontainers.image.created': new Date(createdSeconds * 1_000).toISOString(),
      },
      layers: [libraries, runtime, dependencies, code, endpoint],
      createdSeconds,
    }
    const onLayer = ({ name: layer, bytes }: { name: string; bytes: number }) =>
      onProgress?.(`layer ${layer}: ${(bytes / 1e6).toFixed(1)} MB`)
    const written = await writeImage(image, { output, form, signal: parts.signal, onLayer })
    return { ...summaryOf(gathered), ...written, name: `${name.repository}:${name.tag}` }
  })
}

/**
 * Writes a folder that `docker build` makes an image from, on a base image of the caller's choice.
 * @throws BASE_IMAGE_NOT_PINNED, and those of `packageImage`
 */
export async function packageContext(
  parts: PackageParts,
  options: PackageContextOptions,
): Promise<PackedContext> {
  requireLinux()
  const { output, baseImage } = options
  requirePinned(baseImage)
  requireFree(output)
  return withSeed(parts, options, async (gathered, endpoint) => {
    const { runtime, dependencies, code, start, licences } = programLayers(options.program, false)
    const settings = imageSettings(gathered, { start, licences })
    const layers = [runtime, dependencies, code, endpoint]
    const context = await writeBuildContext({ output, baseImage, settings, layers })
    return { ...summaryOf(gathered), ...context }
  })
}

function requireLinux(): void {
  if (process.platform === 'linux') return
  throw packageEndpointErrors.PACKAGE_SYSTEM_UNSUPPORTED({ system: process.platform })
}

/** Gathers the endpoint into a folder of work, which is there as long as `work` needs it. */
async function withSeed<T>(
  parts: PackageParts,
  { version, release, onProgress }: CommonOptions,
  work: (gathered: GatheredSeed, endpoint: ImageLayer) => Promise<T>,
): Promise<T> {
  const folder = parts.artifacts.temporaryFolder()
  try {
    const gathered = await gatherSeed(parts, { folder: folder.path, version, release })
    const { model, version: number } = gathered.seed.version
    onProgress?.(`${model} version ${number}`)
    return await work(gathered, endpointLayer(gathered, folder.path))
  } finally {
    folder.dispose()
  }
}

function endpointLayer({ seed, model }: GatheredSeed, folder: string): ImageLayer {
  const entry = (name: string, file: string): TarEntry => {
    const { size } = statSync(file)
    const path = `${PLACES.endpoint.slice(1)}/${name}`
    return { kind: 'file', path, mode: 0o644, content: { file, size } }
  }
  const written = [SEED_FILES.seed, SEED_FILES.project]
  const names = seed.views.length === 0 ? written : [...written, SEED_FILES.features]
  return {
    name: 'endpoint',
    summary: `${seed.version.model} version ${seed.version.version}`,
    entries: [
      entry(SEED_FILES.model, model),
      ...names.map((name) => entry(name, join(folder, name))),
    ],
  }
}

function summaryOf({ seed, entities }: GatheredSeed): PackedEndpoint {
  const { endpoint, version, views } = seed
  const { model, version: number, artifact } = version
  return { endpoint, model, version: number, modelDigest: artifact.digest, views, entities }
}
