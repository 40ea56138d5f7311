import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { UploadedPart } from './artifact-files.ts'
import { parseArtifactPath } from './artifact-path.ts'
import { artifactFileErrors } from './errors.ts'
import { fileFault, isMissing } from './file-faults.ts'
import { writeDurably } from './write-durably.ts'

export const MAX_PARTS = 10_000
const UPLOAD_ID = /^parts-[0-9a-f]{32}$/
const PART_ETAG = /^[0-9a-f]{64}$/

interface UploadFacts {
  readonly path: string
  readonly parts: number
}

/**
 * Uploads in parts to a folder: one folder an upload, one file a part, named by number and digest,
 * so that a part that was sent twice is no trouble. Completion reads the parts into the final file.
 */
export class LocalMultipart {
  readonly way = 'through-here'
  readonly #uploads: string
  readonly #put: (path: string, content: Readable) => Promise<unknown>

  constructor(uploads: string, put: (path: string, content: Readable) => Promise<unknown>) {
    this.#uploads = uploads
    this.#put = put
  }

  async begin(path: string, parts: number): Promise<string> {
    parseArtifactPath(path)
    refusePartCount(path, parts)
    const uploadId = `parts-${randomBytes(16).toString('hex')}`
    const facts: UploadFacts = { path, parts }
    try {
      await mkdir(join(this.#uploads, uploadId))
      await writeFile(join(this.#uploads, uploadId, 'upload.json'), JSON.stringify(facts))
      return uploadId
    } catch (error) {
      throw fileFault(error, { place: this.#uploads, path })
    }
  }

  async putPart(
    at: { path: string; uploadId: string; part: number },
    content: Readable,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<{ etag: string }> {
    const { parts } = await this.#facts(at.path, at.uploadId)
    if (!Number.isInteger(at.part) || at.part < 1 || at.part > parts)
      throw invalid(at.path, `part ${at.part} is none of the ${parts} that were announced`)
    const folder = join(this.#uploads, at.uploadId)
    const beside = join(folder, `put-${randomBytes(8).toString('hex')}`)
    try {
      const { sha256 } = await writeDurably(beside, content, options.signal)
      await rename(beside, join(folder, partName(at.part, sha256)))
      return { etag: `"${sha256}"` }
    } catch (error) {
      throw fileFault(error, { place: this.#uploads, path: at.path })
    } finally {
      await rm(beside, { force: true })
    }
  }

  async complete(path: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    const facts = await this.#facts(path, uploadId)
    const files = await this.#filesOf(facts, uploadId, parts)
    await this.#put(path, Readable.from(contentsOf(files), { objectMode: false }))
    await this.abort(path, uploadId)
  }

  async abort(path: string, uploadId: string): Promise<void> {
    if (!(await this.#knows(path, uploadId))) return
    await rm(join(this.#uploads, uploadId), { recursive: true, force: true })
  }

  async #knows(path: string, uploadId: string): Promise<boolean> {
    try {
      await this.#facts(path, uploadId)
      return true
    } catch {
      return false
    }
  }

  async #facts(path: string, uploadId: string): Promise<UploadFacts> {
    parseArtifactPath(path)
    const unknown = artifactFileErrors.MULTIPART_UPLOAD_UNKNOWN({
      path,
      uploadId: uploadId.slice(0, 100),
    })
    if (!UPLOAD_ID.test(uploadId)) throw unknown
    try {
      const text = await readFile(join(this.#uploads, uploadId, 'upload.json'), 'utf8')
      const facts: UploadFacts = JSON.parse(text)
      if (facts.path === path) return facts
    } catch (error) {
      if (!isMissing(error)) throw fileFault(error, { place: this.#uploads, path })
    }
    throw unknown
  }

  async #filesOf(
    facts: UploadFacts,
    uploadId: string,
    parts: readonly UploadedPart[],
  ): Promise<string[]> {
    if (parts.length !== facts.parts)
      throw invalid(facts.path, `${facts.parts} parts were announced, ${parts.length} are named`)
    const files: string[] = []
    for (const [index, part] of parts.entries()) {
      const digest = part.etag.replaceAll('"', '')
      const file = join(this.#uploads, uploadId, partName(part.number, digest))
      if (part.number !== index + 1) throw invalid(facts.path, `part ${index + 1} is not named`)
      if (!PART_ETAG.test(digest) || !(await exists(file)))
        throw invalid(facts.path, `part ${part.number} with ETag ${part.etag} was not received`)
      files.push(file)
    }
    return files
  }
}

/** @throws MULTIPART_UPLOAD_INVALID */
export function refusePartCount(path: string, parts: number): void {
  if (Number.isInteger(parts) && parts >= 1 && parts <= MAX_PARTS) return
  throw invalid(path, `the number of parts is ${parts}, expected 1 to ${MAX_PARTS}`)
}

function invalid(path: string, reason: string) {
  return artifactFileErrors.MULTIPART_UPLOAD_INVALID({ path, reason: reason.slice(0, 300) })
}

function partName(part: number, digest: string): string {
  return `${String(part).padStart(5, '0')}.${digest}`
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function* contentsOf(files: readonly string[]): AsyncIterable<Buffer> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 1 << 20 })
}
