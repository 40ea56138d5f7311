import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

const BUFFER_BYTES = 1 << 20
/** Level 9 makes a tenth of a percent less of binaries, and takes several times as long. */
const GZIP_LEVEL = 6

/** How one part of an image names another (OCI "content descriptor"). */
export interface Descriptor {
  readonly mediaType: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
  /** Bytes. */
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

export interface LayerBlob {
  readonly descriptor: Descriptor
  /** Digest of the archive before compression: what an image's configuration lists. */
  readonly diffId: string
  /** Bytes before compression. */
  readonly unpackedBytes: number
}

export interface WriteLayerOptions {
  /** Seconds since 1970, of every entry. */
  readonly mtime: number
  readonly signal?: AbortSignal | undefined
}

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** Where a layout keeps its blobs. */
export function blobFolder(layout: string): string {
  return join(layout, 'blobs', 'sha256')
}

/**
 * Writes entries as a compressed layer into a layout's blobs. The same entries give the same bytes:
 * gzip's header carries no name and no time.
 */
export async function writeLayer(
  layout: string,
  entries: Iterable<TarEntry>,
  { mtime, signal }: WriteLayerOptions,
): Promise<LayerBlob> {
  const folder = blobFolder(layout)
  await mkdir(folder, { recursive: true })
  const beside = join(folder, 'layer.part')
  const plain = measure()
  const packed = measure()
  await pipeline(
    writeTar(entries, mtime),
    plain.through,
    createGzip({ level: GZIP_LEVEL, chunkSize: BUFFER_BYTES }),
    packed.through,
    createWriteStream(beside, { highWaterMark: BUFFER_BYTES, flush: true }),
    ...(signal === undefined ? [] : [{ signal }]),
  )
  const { hex, bytes } = packed.result()
  await rename(beside, join(folder, hex))
  const unpacked = plain.result()
  return {
    descriptor: { mediaType: LAYER_TYPE, digest: `sha256:${hex}`, size: bytes },
    diffId: `sha256:${unpacked.hex}`,
    unpackedBytes: unpacked.bytes,
  }
}

/** Digest and length of what passes through. */
function measure() {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  const through = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.byteLength
      done(null, chunk)
    },
  })
  return { through, result: () => ({ hex: hash.digest('hex'), bytes }) }
}
