import type { Readable } from 'node:stream'

/** What an adoption needs of the place where clients' files are; `ArtifactFiles` is one. */
export interface ModelFiles {
  /** Files with this path or below it, first page. */
  list(folder: string): Promise<{
    readonly entries: readonly { readonly path: string; readonly isFolder: boolean }[]
  }>
  /** Facts of a file; undefined when there is none. */
  stat(path: string): Promise<{ readonly bytes: number } | undefined>
  get(path: string): Promise<{ readonly stream: Readable }>
}

/**
 * The path below the root of the clients' files; undefined for a place that is not among them.
 * `mlflow-artifacts:/1/run/artifacts/model` and `mlflow-artifacts://host:5000/1/…` lead there.
 */
export function folderOfUri(artifactUri: string): string | undefined {
  const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.+)$/.exec(artifactUri)
  return match?.[1]?.replace(/\/+$/, '')
}
