import { pipeline, Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type {
  ArtifactEntry,
  ArtifactFacts,
  ArtifactFiles,
  ArtifactPage,
  ArtifactReading,
  ByteRange,
} from './artifact-files.ts'
import { parseArtifactFolder, parseArtifactPath } from './artifact-path.ts'
import { artifactFileErrors } from './errors.ts'
import { measuredStream } from './measured-stream.ts'
import { isAbsent, s3Fault } from './s3-faults.ts'
import type { S3Location } from './s3-location.ts'
import { S3Multipart } from './s3-multipart.ts'

const PAGE = 1000
/** 10,000 parts of this size make 160 GB; twice this is what an upload holds in memory. */
const PART_BYTES = 16 * 1024 * 1024
const PARTS_AT_ONCE = 2

/** Artifact files in a bucket of S3, or of a server that speaks its protocol. */
export class S3ArtifactFiles implements ArtifactFiles {
  readonly place: string
  readonly multipart: S3Multipart
  readonly #client: S3Client
  readonly #at: S3Location

  constructor(client: S3Client, at: S3Location) {
    this.#client = client
    this.#at = at
    this.place = at.place
    this.multipart = new S3Multipart(client, at)
  }

  async put(path: string, content: Readable, options: { signal?: AbortSignal | undefined } = {}) {
    const key = this.#at.keyOf(parseArtifactPath(path))
    const { through, measures } = measuredStream()
    // The upload sees a failure of the content by its end of the pipe.
    pipeline(content, through, () => {})
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.#at.bucket, Key: key, Body: through },
      queueSize: PARTS_AT_ONCE,
      partSize: PART_BYTES,
      leavePartsOnError: false,
    })
    const abort = () => void upload.abort()
    options.signal?.addEventListener('abort', abort, { once: true })
    if (options.signal?.aborted) abort()
    try {
      await upload.done()
      return measures()
    } catch (error) {
      through.destroy()
      throw this.#fault(error, path)
    } finally {
      options.signal?.removeEventListener('abort', abort)
    }
  }

  async get(path: string, options: { range?: ByteRange | undefined } = {}) {
    const { range } = options
    const key = this.#at.keyOf(parseArtifactPath(path))
    try {
      return await this.#read(path, key, range)
    } catch (error) {
      if (isAbsent(error)) throw this.#missing(path)
      if (range !== undefined && error instanceof Error && error.name === 'InvalidRange')
        throw artifactFileErrors.ARTIFACT_RANGE_INVALID({
          path,
          got: `${range.start}-${range.end ?? ''}`,
          bytes: (await this.stat(path))?.bytes ?? 0,
        })
      throw this.#fault(error, path)
    }
  }

  async stat(path: string): Promise<ArtifactFacts | undefined> {
    const key = this.#at.keyOf(parseArtifactPath(path))
    try {
      const head = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#at.bucket, Key: key }),
      )
      return facts(path, { ...head, Size: head.ContentLength })
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw this.#fault(error, path)
    }
  }

  async list(
    folder: string,
    options: { limit?: number | undefined; pageToken?: string | undefined } = {},
  ): Promise<ArtifactPage> {
    const prefix = this.#at.prefixOf(parseArtifactFolder(folder))
    try {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#at.bucket,
          Prefix: prefix,
          Delimiter: '/',
          MaxKeys: Math.min(options.limit ?? PAGE, PAGE),
          ContinuationToken: options.pageToken,
        }),
      )
      const folders = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) =>
        this.#folderEntry(Prefix.slice(0, -1)),
      )
      // A key that ends with "/" is some tools' way to show an empty folder.
      const files = (page.Contents ?? [])
        .filter(({ Key = '' }) => Key !== prefix)
        .map(({ Key = '', Size = 0 }) => ({
          path: this.#at.pathOf(Key),
          isFolder: false,
          bytes: Size,
        }))
      return {
        entries: [...folders, ...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
        nextPageToken: page.NextContinuationToken,
      }
    } catch (error) {
      throw this.#fault(error, folder)
    }
  }

  async *walk(folder: string): AsyncIterable<ArtifactFacts> {
    yield* this.#walkPrefix(this.#at.prefixOf(parseArtifactFolder(folder)))
  }

  async delete(path: string): Promise<number> {
    parseArtifactPath(path)
    const own = await this.stat(path)
    let deleted = own === undefined ? 0 : await this.#deleteAll([this.#at.keyOf(path)], path)
    let batch: string[] = []
    for await (const file of this.#walkPrefix(this.#at.prefixOf(path))) {
      batch.push(this.#at.keyOf(file.path))
      if (batch.length < PAGE) continue
      deleted += await this.#deleteAll(batch, path)
      batch = []
    }
    return deleted + (await this.#deleteAll(batch, path))
  }

  async removeLeftovers(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs
    try {
      const old = (await this.#uploadsUnderWay()).filter(
        ({ Initiated }) => Initiated !== undefined && Initiated.getTime() < before,
      )
      for (const { Key, UploadId } of old)
        await this.#client.send(
          new AbortMultipartUploadCommand({ Bucket: this.#at.bucket, Key, UploadId }),
        )
      return old.length
    } catch (error) {
      throw this.#fault(error, '')
    }
  }

  async #read(path: string, key: string, range: ByteRange | undefined): Promise<ArtifactReading> {
    const answer = await this.#client.send(
      new GetObjectCommand({
        Bucket: this.#at.bucket,
        Key: key,
        Range: range === undefined ? undefined : `bytes=${range.start}-${range.end ?? ''}`,
      }),
    )
    if (!(answer.Body instanceof Readable)) throw new Error('the answer has no body')
    const total = Number(answer.ContentRange?.split('/')[1] ?? answer.ContentLength)
    return { ...facts(path, { ...answer, Size: total }), stream: answer.Body }
  }

  async *#walkPrefix(prefix: string): AsyncIterable<ArtifactFacts> {
    let token: string | undefined
    do {
      const page = await this.#client
        .send(
          new ListObjectsV2Command({
            Bucket: this.#at.bucket,
            Prefix: prefix,
            ContinuationToken: token,
          }),
        )
        .catch((error: unknown) => {
          throw this.#fault(error, this.#at.pathOf(prefix))
        })
      for (const object of page.Contents ?? [])
        yield facts(this.#at.pathOf(object.Key ?? ''), object)
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async #deleteAll(keys: readonly string[], path: string): Promise<number> {
    if (keys.length === 0) return 0
    try {
      const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
      const answer = await this.#client.send(
        new DeleteObjectsCommand({ Bucket: this.#at.bucket, Delete }),
      )
      const failed = answer.Errors?.[0]
      if (failed !== undefined) throw new Error(`${failed.Key} was not deleted: ${failed.Message}`)
      return keys.length
    } catch (error) {
      throw this.#fault(error, path)
    }
  }

  async #uploadsUnderWay() {
    const found = []
    let KeyMarker: string | undefined
    let UploadIdMarker: string | undefined
    for (;;) {
      const page = await this.#client.send(
        new ListMultipartUploadsCommand({
          Bucket: this.#at.bucket,
          Prefix: this.#at.prefixOf(''),
          KeyMarker,
          UploadIdMarker,
        }),
      )
      found.push(...(page.Uploads ?? []))
      if (page.IsTruncated !== true) return found
      KeyMarker = page.NextKeyMarker
      UploadIdMarker = page.NextUploadIdMarker
    }
  }

  #folderEntry(key: string): ArtifactEntry {
    return { path: this.#at.pathOf(key), isFolder: true, bytes: 0 }
  }

  #missing(path: string) {
    return artifactFileErrors.ARTIFACT_FILE_MISSING({ path, place: this.place })
  }

  #fault(error: unknown, path: string): unknown {
    return s3Fault(error, { place: this.place, path })
  }
}

interface ObjectFacts {
  readonly Size?: number | undefined
  readonly LastModified?: Date | undefined
  readonly ETag?: string | undefined
}

function facts(path: string, object: ObjectFacts): ArtifactFacts {
  return {
    path,
    bytes: object.Size ?? 0,
    lastModifiedMs: object.LastModified?.getTime() ?? 0,
    etag: object.ETag ?? '""',
  }
}
