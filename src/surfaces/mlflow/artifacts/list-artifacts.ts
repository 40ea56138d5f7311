import type { ArtifactEntry, ArtifactFiles } from '../../../platform/artifact-files/index.ts'

/** A file or folder as MLflow's clients read it. */
export interface FileAnswer {
  readonly path: string
  readonly is_dir: boolean
  readonly file_size?: number
}

/** All that stands directly in a folder, by name. */
export async function listAll(files: ArtifactFiles, folder: string): Promise<FileAnswer[]> {
  const found: ArtifactEntry[] = []
  let pageToken: string | undefined
  do {
    const page = await files.list(folder, { pageToken })
    found.push(...page.entries)
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  return found.map((entry) => fileAnswer(entry, lastName(entry.path)))
}

export function fileAnswer({ isFolder, bytes }: ArtifactEntry, path: string): FileAnswer {
  return isFolder ? { path, is_dir: true } : { path, is_dir: false, file_size: bytes }
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
