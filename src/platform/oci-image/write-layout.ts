import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ImageSettings, imageConfig, platformOf } from './image-config.ts'
import type { ImageName } from './image-name.ts'
import { layerEntries } from './layer-entries.ts'
import type { TarEntry } from './tar-entry.ts'
import { blobFolder, type Descriptor, type LayerBlob, writeLayer } from './write-blob.ts'

export interface ImageLayer {
  /** What it is called in progress and history, such as `runtime`. */
  readonly name: string
  readonly summary: string
  readonly entries: readonly TarEntry[]
}

export interface ImageParts {
  readonly name: ImageName
  readonly settings: ImageSettings
  /** From what changes seldom to what changes often: engines keep and share the first ones. */
  readonly layers: readonly ImageLayer[]
  /** Of the manifest and of the index's entry. */
  readonly annotations: Readonly<Record<string, string>>
  /** Of everything in the image: seconds since 1970. */
  readonly createdSeconds: number
}

export interface WriteLayoutOptions {
  readonly signal?: AbortSignal | undefined
  onLayer?(layer: WrittenLayer): void
}

export interface WrittenLayer {
  readonly name: string
  readonly digest: string
  /** Bytes in the registry and on the wire, and on a machine that runs it. */
  readonly bytes: number
  readonly unpackedBytes: number
}

export interface WrittenImage {
  /** Of the manifest: what `image@sha256:…` names. */
  readonly digest: string
  /** Of the configuration: what engines list as the image's id. */
  readonly id: string
  readonly layers: readonly WrittenLayer[]
}

const TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
} as const

/**
 * Writes an image as an OCI image layout (specification 1.1) into an empty or new folder. The same
 * parts give the same digests.
 */
export async function writeLayout(
  layout: string,
  parts: ImageParts,
  { signal, onLayer }: WriteLayoutOptions = {},
): Promise<WrittenImage> {
  const { name, settings, annotations, createdSeconds: mtime } = parts
  await mkdir(blobFolder(layout), { recursive: true })
  const blobs: LayerBlob[] = []
  const layers: WrittenLayer[] = []
  for (const layer of parts.layers) {
    const blob = await writeLayer(layout, layerEntries(layer.entries), { mtime, signal })
    const { digest, size: bytes } = blob.descriptor
    const written = { name: layer.name, digest, bytes, unpackedBytes: blob.unpackedBytes }
    blobs.push(blob)
    layers.push(written)
    onLayer?.(written)
  }
  const history = parts.layers.map(({ summary }, at) => ({
    summary,
    diffId: blobs[at]?.diffId ?? '',
  }))
  const config = await writeJson(
    layout,
    TYPES.config,
    imageConfig(settings, history, mtime * 1_000),
  )
  const manifest = await writeJson(layout, TYPES.manifest, {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config,
    layers: blobs.map(({ descriptor }) => descriptor),
    annotations,
  })
  await writeIndex(layout, { ...manifest, annotations: namedBy(name) }, settings)
  await writeDockerManifest(layout, { name, config, blobs })
  return { digest: manifest.digest, id: config.digest, layers }
}

/** `containerd` and Docker take the whole name, other tools the tag alone. */
function namedBy({ tag, full }: ImageName): Record<string, string> {
  return { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': tag }
}

async function writeIndex(
  layout: string,
  manifest: Descriptor,
  settings: ImageSettings,
): Promise<void> {
  const index = {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: [{ ...manifest, platform: platformOf(settings) }],
  }
  await writeFile(join(layout, 'index.json'), JSON.stringify(index))
  await writeFile(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}

/** The list that `docker load` reads where the engine does not keep its images in containerd. */
async function writeDockerManifest(
  layout: string,
  { name, config, blobs }: { name: ImageName; config: Descriptor; blobs: readonly LayerBlob[] },
): Promise<void> {
  const place = ({ digest }: Descriptor) => `blobs/sha256/${digest.slice('sha256:'.length)}`
  const document = {
    Config: place(config),
    RepoTags: [`${name.repository}:${name.tag}`],
    Layers: blobs.map(({ descriptor }) => place(descriptor)),
  }
  await writeFile(join(layout, 'manifest.json'), JSON.stringify([document]))
}

async function writeJson(layout: string, mediaType: string, value: unknown): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value))
  const hex = createHash('sha256').update(bytes).digest('hex')
  await writeFile(join(blobFolder(layout), hex), bytes)
  return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength }
}
