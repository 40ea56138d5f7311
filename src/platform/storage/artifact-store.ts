import type { ArtifactRef } from '../../core/records/index.ts'

/**
 * Content-addressed files. A file is either whole and durable under its digest or not there:
 * written beside, flushed, then renamed.
 */
export interface ArtifactStore {
  /** Copies (or moves, with `move`) a file in. */
  putFile(
    path: string,
    options: { readonly name: string; readonly move?: boolean },
  ): Promise<ArtifactRef>
  putBytes(bytes: Uint8Array | string, options: { readonly name: string }): Promise<ArtifactRef>
  has(digest: string): boolean
  /**
   * Path of a file for reading; never write to it.
   * @throws ARTIFACT_MISSING
   */
  pathOf(digest: string): string
  /**
   * Reads the file again and compares its digest.
   * @throws ARTIFACT_MISSING, ARTIFACT_CORRUPT
   */
  verify(digest: string): Promise<void>
  /** A new empty folder for work in progress; removed with `dispose`, or at the next start. */
  temporaryFolder(): { readonly path: string; dispose(): void }
}
