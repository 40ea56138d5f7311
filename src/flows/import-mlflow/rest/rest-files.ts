import { parseArtifactPath } from '../../../platform/artifact-files/index.ts'
import { importErrors } from '../errors.ts'
import type { FilesOwner, SourceFile, SourceFiles } from '../mlflow-source.ts'
import type { RestClient } from './rest-client.ts'
import { filesAnswer } from './wire.ts'

const MOST_FILES = 1_000_000
const DEEPEST = 100

interface Listed extends SourceFile {
  readonly isFolder: boolean
}

/** The server reads its own artifact destination for us, whatever that is. */
export function restFiles(client: RestClient, { kind, id }: FilesOwner): SourceFiles {
  return {
    list: () => files(client, { kind, id }),
    open: (path) =>
      kind === 'run'
        ? client.stream('get-artifact', { run_uuid: id, path })
        : client.stream(`ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files`, {
            artifact_file_path: path,
          }),
  }
}

type Owner = Pick<FilesOwner, 'kind' | 'id'>

async function* files(client: RestClient, owner: Owner): AsyncGenerator<SourceFile> {
  const folders = ['']
  let count = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const { isFolder, ...file } of entries(client, owner, folder)) {
      count++
      if (count > MOST_FILES || file.path.split('/').length > DEEPEST)
        throw invalid(client, owner, 'there are too many files, or folders too deep')
      if (isFolder) folders.push(file.path)
      else yield file
    }
  }
}

/** What stands directly in a folder. */
async function* entries(client: RestClient, owner: Owner, folder: string): AsyncGenerator<Listed> {
  for (let token: string | undefined; ; ) {
    const answer = await client.json({ ...listing(owner, folder, token), schema: filesAnswer })
    for (const { path, is_dir, file_size } of answer.files) {
      parseArtifactPath(path)
      const above = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
      if (above !== folder) throw invalid(client, owner, `"${path}" does not lie in "${folder}"`)
      yield { path, bytes: Number(file_size ?? 0), isFolder: is_dir === true }
    }
    if (!answer.next_page_token || answer.next_page_token === token) return
    token = answer.next_page_token
  }
}

function listing({ kind, id }: Owner, folder: string, token: string | undefined) {
  const path = folder === '' ? undefined : folder
  if (kind === 'run') {
    const query = { run_id: id, path, page_token: token }
    return { path: 'api/2.0/mlflow/artifacts/list', query }
  }
  const query = { artifact_directory_path: path, page_token: token }
  return { path: `api/2.0/mlflow/logged-models/${id}/artifacts/directories`, query }
}

function invalid({ place }: RestClient, { kind, id }: Owner, reason: string) {
  return importErrors.IMPORT_ANSWER_INVALID({ place, what: `files of ${kind} ${id}`, reason })
}
