import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { parseArtifactPath } from '../../platform/artifact-files/index.ts'
import { importErrors } from './errors.ts'
import { attempt, type ImportWork } from './import-context.ts'
import type { FilesOwner, SourceFile, SourceFiles } from './mlflow-source.ts'

/**
 * Copies the files of a run or logged model below an artifact URI of ours. Every file is read back
 * and its SHA-256 compared; one that is there already with the same content is left alone.
 */
export async function copyFiles(
  work: ImportWork,
  owner: FilesOwner,
  targetUri: string,
): Promise<void> {
  const what = `${owner.kind}/${owner.id}`
  await attempt(work, `files of ${what}`, async () => {
    const folder = folderOf(work.artifactRoot, targetUri)
    const files = await work.source.files(owner)
    for await (const file of files.list()) {
      work.tally.add('files')
      await attempt(work, `file ${what}/${file.path}`, () =>
        copyFile(work, files, { file, folder }),
      )
    }
  })
}

function folderOf(root: string, uri: string): string {
  const start = `${root.replace(/\/+$/, '')}/`
  if (uri.startsWith(start)) return uri.slice(start.length).replace(/^\/+/, '')
  throw importErrors.IMPORT_ARTIFACTS_UNKNOWN({ uri })
}

interface Copying {
  readonly file: SourceFile
  readonly folder: string
}

async function copyFile(
  { files: open, tally, signal }: ImportWork,
  source: SourceFiles,
  { file, folder }: Copying,
): Promise<void> {
  const target = await open()
  const path = parseArtifactPath(`${folder}/${file.path}`)
  const here = await target.stat(path)
  if (here?.bytes === file.bytes) {
    const [theirs, ours] = [
      await digestOf(await source.open(file.path)),
      await digestOf((await target.get(path)).stream),
    ]
    requireWhole(file, theirs)
    tally.add('bytes', file.bytes)
    if (theirs.sha256 === ours.sha256) return
  }
  const put = await target.put(path, await source.open(file.path), { signal })
  if (put.bytes !== file.bytes) await target.delete(path)
  requireWhole(file, put)
  const back = await digestOf((await target.get(path)).stream)
  if (back.sha256 !== put.sha256) throw damaged(file, 'it reads back differently from here')
  if (here?.bytes !== file.bytes) tally.add('bytes', put.bytes)
  tally.add('copiedFiles')
  tally.add('changes')
}

interface Measured {
  readonly bytes: number
  readonly sha256: string
}

/** A source that is cut off must not pass for a shorter file. */
function requireWhole(file: SourceFile, { bytes }: Measured): void {
  if (bytes === file.bytes) return
  throw damaged(file, `the source lists ${file.bytes} bytes and gave ${bytes}`)
}

function damaged({ path }: SourceFile, reason: string) {
  return importErrors.IMPORT_ANSWER_INVALID({ place: 'the artifact', what: path, reason })
}

async function digestOf(stream: Readable): Promise<Measured> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    hash.update(chunk)
  }
  return { bytes, sha256: hash.digest('hex') }
}
