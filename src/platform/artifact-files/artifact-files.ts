import type { Readable } from 'node:stream'

/** One name in a folder. */
export interface ArtifactEntry {
  /** From the root of the destination, `/`-separated. */
  readonly path: string
  readonly isFolder: boolean
  /** 0 for a folder. */
  readonly bytes: number
}

export interface ArtifactFacts {
  readonly path: string
  readonly bytes: number
  readonly lastModifiedMs: number
  /** Quoted, as HTTP sends it; another one after the content changed. */
  readonly etag: string
}

/** A file being read; whoever asked for it reads `stream` to its end or destroys it. */
export interface ArtifactReading extends ArtifactFacts {
  readonly stream: Readable
}

/** Bytes `start` up to and including `end` (default: the last one), counted from 0. */
export interface ByteRange {
  readonly start: number
  readonly end?: number | undefined
}

export interface ArtifactPage {
  /** Sorted by path as the destination sorts; each name once over all pages. */
  readonly entries: readonly ArtifactEntry[]
  /** Opaque; hand it back for the next page. Undefined after the last one. */
  readonly nextPageToken: string | undefined
}

export interface UploadedPart {
  /** From 1. */
  readonly number: number
  readonly etag: string
}

interface MultipartUpload {
  /** @throws ARTIFACT_PATH_INVALID, MULTIPART_UPLOAD_INVALID when parts are not 1 to 10,000 */
  begin(path: string, parts: number): Promise<string>
  /**
   * The whole file appears under its path, or nothing does.
   * @throws MULTIPART_UPLOAD_UNKNOWN, MULTIPART_UPLOAD_INVALID, STORAGE_FULL
   */
  complete(path: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void>
  /** Forgets the upload and its parts; none is fine. */
  abort(path: string, uploadId: string): Promise<void>
}

/** Big files in parts: straight to the destination by signed URL, or through this process. */
export type MultipartUploads =
  | (MultipartUpload & {
      readonly way: 'signed-url'
      partUrl(path: string, uploadId: string, part: number): Promise<string>
    })
  | (MultipartUpload & {
      readonly way: 'through-here'
      putPart(
        at: { readonly path: string; readonly uploadId: string; readonly part: number },
        content: Readable,
        options?: { readonly signal?: AbortSignal | undefined },
      ): Promise<{ readonly etag: string }>
    })

/**
 * Files by path, as MLflow lays them out: `<experiment>/<run>/artifacts/…`. Unlike the artifact
 * store of the belt they are not named by their content, and a file may be written again.
 *
 * Holds for every destination: a file is whole or not there, also after `kill -9`; contents are
 * streamed at flat memory; paths are checked by `parseArtifactPath`, so nothing outside the root is
 * read or written.
 *
 * Errors of all: ARTIFACT_PATH_INVALID, ARTIFACT_DESTINATION_FAILED.
 */
export interface ArtifactFiles {
  /** Where it is, without secrets: for messages and logs. */
  readonly place: string
  readonly multipart: MultipartUploads
  /**
   * Writes a file, or replaces it. An abort by `signal` leaves what was there before.
   * @throws STORAGE_FULL, ARTIFACT_PATH_TAKEN, ARTIFACT_UPLOAD_CUT when `content` fails
   */
  put(
    path: string,
    content: Readable,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly bytes: number; readonly sha256: string }>
  /** @throws ARTIFACT_FILE_MISSING, ARTIFACT_RANGE_INVALID */
  get(path: string, options?: { readonly range?: ByteRange | undefined }): Promise<ArtifactReading>
  /** Facts of a file; undefined when there is none, or a folder. */
  stat(path: string): Promise<ArtifactFacts | undefined>
  /** What stands directly in a folder (`''`: the root); nothing when there is no such folder. */
  list(
    folder: string,
    options?: {
      /** 1 to 1,000; default 1,000. */
      readonly limit?: number | undefined
      readonly pageToken?: string | undefined
    },
  ): Promise<ArtifactPage>
  /** Every file in a folder and below it (`''`: all), in no promised order. */
  walk(folder: string): AsyncIterable<ArtifactFacts>
  /** Deletes a file, or a folder with all in it. Returns how many files went; 0 when none was there. */
  delete(path: string): Promise<number>
  /** Removes what killed uploads left behind, older than this. Returns how many uploads it was. */
  removeLeftovers(olderThanMs: number): Promise<number>
}
