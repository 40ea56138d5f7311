import { createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from '../database/index.ts'
import { ociImageErrors } from './errors.ts'
import type { TarEntry } from './tar-entry.ts'
import { blobFolder } from './write-blob.ts'
import {
  type ImageParts,
  type WriteLayoutOptions,
  type WrittenImage,
  writeLayout,
} from './write-layout.ts'
import { writeTar } from './write-tar.ts'

export interface WriteImageOptions extends WriteLayoutOptions {
  /** A new file or folder, in a folder that exists. */
  readonly output: string
  /** `archive`: one tar file of the layout; `layout`: the folder itself. */
  readonly form: 'archive' | 'layout'
}

/**
 * Writes an image whole or not at all: beside the output first, then under its name.
 * @throws IMAGE_OUTPUT_TAKEN, IMAGE_UNWRITABLE, IMAGE_SOURCE_CHANGED, STORAGE_FULL
 */
export async function writeImage(
  parts: ImageParts,
  { output, form, ...options }: WriteImageOptions,
): Promise<WrittenImage> {
  requireFree(output)
  let beside: string | undefined
  try {
    beside = await mkdtemp(join(dirname(output), `.${basename(output)}-`))
    const layout = join(beside, 'layout')
    const image = await writeLayout(layout, parts, options)
    const made = form === 'layout' ? layout : join(beside, 'image.tar')
    if (form === 'archive') await archive(layout, made, parts.createdSeconds, options.signal)
    else await chmod(made, 0o755)
    requireFree(output)
    await rename(made, output)
    return image
  } catch (error) {
    throw outputFault(error, output)
  } finally {
    if (beside !== undefined) await rm(beside, { recursive: true, force: true })
  }
}

/** @throws IMAGE_OUTPUT_TAKEN */
export function requireFree(output: string): void {
  if (existsSync(output)) throw ociImageErrors.IMAGE_OUTPUT_TAKEN({ path: output })
}

/** A failure to write as a coded error; what says more by itself stays as it is. */
export function outputFault(error: unknown, path: string): unknown {
  if (isPlatformError(error)) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return databaseErrors.STORAGE_FULL({ path, reason }, error)
  }
  const isFolder = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(code ?? '')
  return isFolder ? ociImageErrors.IMAGE_UNWRITABLE({ path, reason }, error) : error
}

/** Readers that stream the archive want the small documents before the blobs. */
const DOCUMENTS = ['oci-layout', 'index.json', 'manifest.json']

async function archive(
  layout: string,
  output: string,
  mtime: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const blobs = (await readdir(blobFolder(layout))).toSorted()
  const file = async (path: string): Promise<TarEntry> => {
    const place = join(layout, path)
    const { size } = await stat(place)
    return { kind: 'file', path, mode: 0o644, content: { file: place, size } }
  }
  const folder = (path: string): TarEntry => ({ kind: 'directory', path, mode: 0o755 })
  const entries = [
    ...(await Promise.all(DOCUMENTS.map(file))),
    folder('blobs'),
    folder('blobs/sha256'),
    ...(await Promise.all(blobs.map((name) => file(`blobs/sha256/${name}`)))),
  ]
  await pipeline(
    writeTar(entries, mtime),
    createWriteStream(output, { flags: 'wx', highWaterMark: 1 << 20, flush: true }),
    ...(signal === undefined ? [] : [{ signal }]),
  )
}
