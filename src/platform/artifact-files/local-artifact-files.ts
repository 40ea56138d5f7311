import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, opendir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type {
  ArtifactEntry,
  ArtifactFacts,
  ArtifactFiles,
  ArtifactPage,
  ArtifactReading,
  ByteRange,
} from './artifact-files.ts'
import { parseArtifactFolder, parseArtifactPath, UPLOADS_FOLDER } from './artifact-path.ts'
import { ArtifactRoot } from './artifact-root.ts'
import { artifactFileErrors } from './errors.ts'
import { fileFault, isMissing, systemCodeOf } from './file-faults.ts'
import { LocalMultipart } from './local-multipart.ts'
import { flushFolder, writeDurably } from './write-durably.ts'

const PAGE = 1000
const READ_BYTES = 256 * 1024

/** Artifact files in a folder of this machine (or of a mounted file server). */
export class LocalArtifactFiles implements ArtifactFiles {
  readonly place: string
  readonly multipart: LocalMultipart
  readonly #root: ArtifactRoot
  readonly #uploads: string

  constructor(root: ArtifactRoot, uploads: string) {
    this.#root = root
    this.#uploads = uploads
    this.place = root.folder
    this.multipart = new LocalMultipart(uploads, (path, content) => this.put(path, content))
  }

  async put(path: string, content: Readable, options: { signal?: AbortSignal | undefined } = {}) {
    parseArtifactPath(path)
    const beside = join(this.#uploads, `put-${randomBytes(12).toString('hex')}`)
    try {
      // Refused before the first byte is taken.
      await this.#root.makeRoomFor(path)
      const written = await writeDurably(beside, content, options.signal)
      await this.#settle(beside, path)
      return written
    } catch (error) {
      throw this.#fault(error, path)
    } finally {
      await rm(beside, { force: true })
    }
  }

  async get(path: string, options: { range?: ByteRange | undefined } = {}) {
    parseArtifactPath(path)
    try {
      return await this.#open(path, options.range)
    } catch (error) {
      if (isMissing(error)) throw this.#missing(path)
      throw this.#fault(error, path)
    }
  }

  async stat(path: string): Promise<ArtifactFacts | undefined> {
    parseArtifactPath(path)
    try {
      const place = await this.#root.existing(path)
      if (place === undefined) return undefined
      const stats = await stat(place)
      return stats.isFile() ? factsOf(path, stats) : undefined
    } catch (error) {
      if (isMissing(error)) return undefined
      throw this.#fault(error, path)
    }
  }

  async list(
    folder: string,
    options: { limit?: number | undefined; pageToken?: string | undefined } = {},
  ): Promise<ArtifactPage> {
    const path = parseArtifactFolder(folder)
    const limit = Math.min(options.limit ?? PAGE, PAGE)
    const after = options.pageToken
    const names = (await this.#namesIn(path))
      .filter((name) => after === undefined || name > after)
      .sort(byBytes)
    const page = names.slice(0, limit)
    const entries = await Promise.all(page.map((name) => this.#entry(join2(path, name))))
    return {
      entries: entries.filter((entry) => entry !== undefined),
      nextPageToken: names.length > limit ? page.at(-1) : undefined,
    }
  }

  async *walk(folder: string): AsyncIterable<ArtifactFacts> {
    const path = parseArtifactFolder(folder)
    const place = await this.#root.existing(path)
    if (place === undefined) return
    yield* this.#walkIn(place, path)
  }

  async delete(path: string): Promise<number> {
    parseArtifactPath(path)
    try {
      const place = await this.#placeToDelete(path)
      if (place === undefined) return 0
      let files = 1
      if ((await lstat(place)).isDirectory()) files = await countFiles(place)
      await rm(place, { recursive: true, force: true })
      await this.#removeEmptyFolders(dirname(place))
      return files
    } catch (error) {
      if (isMissing(error)) return 0
      throw this.#fault(error, path)
    }
  }

  async removeLeftovers(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs
    let removed = 0
    for (const name of await readdir(this.#uploads)) {
      const place = join(this.#uploads, name)
      if ((await newestChangeMs(place)) >= before) continue
      await rm(place, { recursive: true, force: true })
      removed++
    }
    return removed
  }

  /** Gives a written file its name; a folder above it may have been removed meanwhile as empty. */
  async #settle(beside: string, path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const place = await this.#root.makeRoomFor(path)
      try {
        await rename(beside, place)
        return await flushFolder(dirname(place))
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOENT' || attempt === 5) throw error
      }
    }
  }

  async #open(path: string, range: ByteRange | undefined): Promise<ArtifactReading> {
    const place = await this.#root.existing(path)
    if (place === undefined) throw this.#missing(path)
    // The place is without links; one put there since is not followed.
    const handle = await open(place, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw this.#missing(path)
      refuseRange(path, range, stats.size)
      const stream = handle.createReadStream({
        highWaterMark: READ_BYTES,
        ...(range === undefined ? {} : { start: range.start }),
        ...(range?.end === undefined ? {} : { end: range.end }),
      })
      return { ...factsOf(path, stats), stream }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async #namesIn(path: string): Promise<string[]> {
    try {
      const place = await this.#root.existing(path)
      const names = place === undefined ? [] : await readdir(place)
      return path === '' ? names.filter((name) => name !== UPLOADS_FOLDER) : names
    } catch (error) {
      if (isMissing(error)) return []
      throw this.#fault(error, path)
    }
  }

  /** Undefined for what vanished meanwhile and for links that lead outside. */
  async #entry(path: string): Promise<ArtifactEntry | undefined> {
    try {
      const place = await this.#root.existing(path)
      if (place === undefined) return undefined
      const stats = await stat(place)
      if (stats.isDirectory()) return { path, isFolder: true, bytes: 0 }
      return stats.isFile() ? { path, isFolder: false, bytes: stats.size } : undefined
    } catch {
      return undefined
    }
  }

  async *#walkIn(place: string, path: string): AsyncIterable<ArtifactFacts> {
    for await (const entry of await opendir(place)) {
      if (path === '' && entry.name === UPLOADS_FOLDER) continue
      const [below, at] = [join(place, entry.name), join2(path, entry.name)]
      if (entry.isDirectory()) yield* this.#walkIn(below, at)
      else if (entry.isFile()) yield factsOf(at, await stat(below))
    }
  }

  /** A link is deleted itself, not what it points to; the folders above it must be inside. */
  async #placeToDelete(path: string): Promise<string | undefined> {
    const slash = path.lastIndexOf('/')
    const parent = await this.#root.existing(slash < 0 ? '' : path.slice(0, slash))
    return parent === undefined ? undefined : join(parent, path.slice(slash + 1))
  }

  async #removeEmptyFolders(folder: string): Promise<void> {
    if (folder.length <= this.#root.folder.length) return
    try {
      await rmdir(folder)
    } catch {
      return
    }
    await this.#removeEmptyFolders(dirname(folder))
  }

  #missing(path: string) {
    return artifactFileErrors.ARTIFACT_FILE_MISSING({ path, place: this.place })
  }

  #fault(error: unknown, path: string): unknown {
    return fileFault(error, { place: this.place, path })
  }
}

/** @throws ARTIFACT_DESTINATION_FAILED when the folder cannot be made */
export async function openLocalArtifactFiles(folder: string): Promise<LocalArtifactFiles> {
  const uploads = join(folder, UPLOADS_FOLDER)
  try {
    await mkdir(uploads, { recursive: true, mode: 0o700 })
    return new LocalArtifactFiles(new ArtifactRoot(folder), uploads)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw artifactFileErrors.ARTIFACT_DESTINATION_FAILED({ place: folder, path: '', reason }, error)
  }
}

/** @throws ARTIFACT_RANGE_INVALID */
function refuseRange(path: string, range: ByteRange | undefined, bytes: number): void {
  if (range === undefined) return
  const { start, end } = range
  if (start >= 0 && start < bytes && (end === undefined || end >= start)) return
  throw artifactFileErrors.ARTIFACT_RANGE_INVALID({ path, got: `${start}-${end ?? ''}`, bytes })
}

function factsOf(path: string, stats: Stats): ArtifactFacts {
  const etag = `"${stats.size.toString(16)}-${Math.round(stats.mtimeMs * 1000).toString(16)}"`
  return { path, bytes: stats.size, lastModifiedMs: Math.round(stats.mtimeMs), etag }
}

function join2(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function countFiles(folder: string): Promise<number> {
  let files = 0
  for await (const entry of await opendir(folder, { recursive: true }))
    if (!entry.isDirectory()) files++
  return files
}

/** An upload in parts is as old as its newest part. */
async function newestChangeMs(place: string): Promise<number> {
  try {
    const stats = await lstat(place)
    if (!stats.isDirectory()) return stats.mtimeMs
    const parts = await readdir(place)
    const times = await Promise.all(parts.map((part) => newestChangeMs(join(place, part))))
    return Math.max(stats.mtimeMs, ...times)
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY
    throw error
  }
}
