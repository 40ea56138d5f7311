import { createReadStream } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ArtifactFiles,
  openArtifactFiles,
  parseArtifactPath,
} from '../../../platform/artifact-files/index.ts'
import { importErrors } from '../errors.ts'
import type { SourceFile, SourceFiles } from '../mlflow-source.ts'

const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*/

/**
 * Finds files where a URI says they are: below the server's artifact root for `mlflow-artifacts:`,
 * else in that folder or S3 prefix itself.
 * @throws IMPORT_ARTIFACTS_UNKNOWN
 */
export function locateFiles(root: string | undefined): (uri: string) => Promise<SourceFiles> {
  // One client for a bucket, whatever number of runs it has.
  const buckets = new Map<string, Promise<ArtifactFiles>>()
  return async (uri) => {
    const place = placeOf(uri, root)
    if (place.startsWith('s3://')) return s3Files(buckets, place)
    if (place.startsWith('file:')) return folderFiles(fileURLToPath(place))
    if (uri === '' || /^[a-z][a-z0-9+.-]+:/i.test(place))
      throw importErrors.IMPORT_ARTIFACTS_UNKNOWN({ uri })
    return folderFiles(path.resolve(place))
  }
}

function placeOf(uri: string, root: string | undefined): string {
  if (!PROXIED.test(uri)) return uri
  if (root === undefined) throw importErrors.IMPORT_ARTIFACTS_UNKNOWN({ uri })
  const within = parseArtifactPath(uri.replace(PROXIED, '').replace(/\/+$/, ''))
  return `${root.replace(/\/+$/, '')}/${within}`
}

async function s3Files(
  buckets: Map<string, Promise<ArtifactFiles>>,
  uri: string,
): Promise<SourceFiles> {
  const [, bucket = '', rest = ''] = /^(s3:\/\/[^/]*)\/*(.*)$/.exec(uri) ?? []
  const folder = rest.replace(/\/+$/, '')
  const opened = buckets.get(bucket) ?? openArtifactFiles(bucket)
  buckets.set(bucket, opened)
  const files = await opened
  return {
    async *list() {
      for await (const facts of files.walk(folder))
        yield { path: facts.path.slice(folder.length + 1), bytes: facts.bytes }
    },
    open: async (file) => (await files.get(`${folder}/${file}`)).stream,
  }
}

/** Only reads; a link that leads out of the folder is refused when it is opened. */
async function folderFiles(folder: string): Promise<SourceFiles> {
  return {
    list: () => filesIn(folder, ''),
    async open(file) {
      const root = await realpath(folder)
      const place = await realpath(path.join(root, parseArtifactPath(file)))
      if (!place.startsWith(root + path.sep))
        throw importErrors.IMPORT_ANSWER_INVALID({
          place: folder,
          what: `the file ${file}`,
          reason: 'a link on the way leads out of the artifact folder',
        })
      return createReadStream(place)
    },
  }
}

async function* filesIn(folder: string, within: string): AsyncGenerator<SourceFile> {
  const names = await opendir(path.join(folder, within)).catch((error: NodeJS.ErrnoException) => {
    // A run that logged no file has no folder.
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (names === undefined) return
  for await (const entry of names) {
    const file = within === '' ? entry.name : `${within}/${entry.name}`
    if (entry.isDirectory()) yield* filesIn(folder, file)
    else yield { path: file, bytes: await sizeOf(path.join(folder, file)) }
  }
}

/** 0 for what cannot be looked at: opening it will tell why. */
async function sizeOf(place: string): Promise<number> {
  const facts = await stat(place).catch(() => undefined)
  return facts?.size ?? 0
}
