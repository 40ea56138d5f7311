import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly platform?: unknown
}

export interface Manifest {
  readonly schemaVersion: number
  readonly mediaType: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations: Readonly<Record<string, string>>
}

export interface Config {
  readonly architecture: string
  readonly os: string
  readonly config: {
    readonly User: string
    readonly Env: readonly string[]
    readonly Entrypoint: readonly string[]
    readonly Labels: Readonly<Record<string, string>>
    readonly Healthcheck: { readonly Test: readonly string[] }
    readonly [field: string]: unknown
  }
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] }
  readonly history: readonly unknown[]
}

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** An image layout's documents, read by its digests; every blob is compared with its name. */
export function openImage(layout: string) {
  const json = <T>(path: string) => JSON.parse(readFileSync(join(layout, path), 'utf8')) as T
  const placeOf = ({ digest }: Descriptor) => join(layout, 'blobs', digest.replace(':', '/'))
  const blob = (descriptor: Descriptor): Buffer => {
    const bytes = readFileSync(placeOf(descriptor))
    if (digestOf(bytes) !== descriptor.digest) throw new Error(`${descriptor.digest}: other bytes`)
    if (statSync(placeOf(descriptor)).size !== descriptor.size) throw new Error('another size')
    return bytes
  }
  const index = json<{ mediaType: string; schemaVersion: number; manifests: Descriptor[] }>(
    'index.json',
  )
  const [entry] = index.manifests
  if (entry === undefined) throw new Error('the index is empty')
  const manifest = JSON.parse(blob(entry).toString()) as Manifest
  const config = JSON.parse(blob(manifest.config).toString()) as Config
  return {
    index,
    entry,
    manifest,
    config,
    docker: json<unknown>('manifest.json'),
    version: json<unknown>('oci-layout'),
    placeOf,
    /** A layer's archive, unpacked. */
    archive: (layer: Descriptor) => gunzipSync(blob(layer)),
  }
}
