import { chmod, copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  type ImageLayer,
  type ImageSettings,
  outputFault,
  requireFree,
  type TarEntry,
} from '../../platform/oci-image/index.ts'
import { composeFile, dockerFile, kubernetesFile } from './context-files.ts'
import { packageEndpointErrors } from './errors.ts'
import { PLACES } from './image-places.ts'

const PINNED = /^[^\s@]+@sha256:[0-9a-f]{64}$/

export interface BuildContextOptions {
  /** A new folder. */
  readonly output: string
  /** `name@sha256:…`: a Linux with glibc and libstdc++. */
  readonly baseImage: string
  readonly settings: ImageSettings
  /** Each becomes a folder, copied to the root in this order. */
  readonly layers: readonly ImageLayer[]
}

export interface BuildContext {
  readonly baseImage: string
  /** What was written, beside the layers' folders. */
  readonly files: readonly string[]
}

/**
 * Writes a Dockerfile and all that it copies, whole or not at all; beside it how Compose and
 * Kubernetes run the image with a read-only root.
 * @throws IMAGE_OUTPUT_TAKEN, IMAGE_UNWRITABLE, STORAGE_FULL
 */
export async function writeBuildContext(options: BuildContextOptions): Promise<BuildContext> {
  const { output, baseImage, settings, layers } = options
  const name = settings.labels['esteira.endpoint'] ?? ''
  const image = `${name}:${settings.labels['esteira.model.version'] ?? 'latest'}`
  const files: Readonly<Record<string, string>> = {
    Dockerfile: dockerFile({ baseImage, settings, folders: layers.map((layer) => layer.name) }),
    'compose.yaml': composeFile({ name, image, settings }),
    'kubernetes.yaml': kubernetesFile({ name, image, settings }),
  }
  let beside: string | undefined
  try {
    beside = await mkdtemp(join(dirname(output), `.${basename(output)}-`))
    for (const [file, text] of Object.entries(files)) await writeFile(join(beside, file), text)
    await mkdir(join(beside, PLACES.data))
    for (const layer of layers) await unpack(layer.entries, join(beside, layer.name))
    requireFree(output)
    await chmod(beside, 0o755)
    await rename(beside, output)
  } catch (error) {
    throw outputFault(error, output)
  } finally {
    if (beside !== undefined) await rm(beside, { recursive: true, force: true })
  }
  return { baseImage, files: Object.keys(files) }
}

/** @throws BASE_IMAGE_NOT_PINNED */
export function requirePinned(baseImage: string): void {
  if (!PINNED.test(baseImage)) throw packageEndpointErrors.BASE_IMAGE_NOT_PINNED({ got: baseImage })
}

async function unpack(entries: readonly TarEntry[], folder: string): Promise<void> {
  for (const entry of entries) {
    const place = join(folder, entry.path)
    await mkdir(entry.kind === 'directory' ? place : dirname(place), { recursive: true })
    if (entry.kind === 'link') await symlink(entry.target, place)
    if (entry.kind !== 'file') continue
    if ('file' in entry.content) await copyFile(entry.content.file, place)
    else await writeFile(place, entry.content.bytes)
    await chmod(place, entry.mode)
  }
}
