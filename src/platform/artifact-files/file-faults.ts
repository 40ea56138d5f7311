import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from '../database/index.ts'
import { artifactFileErrors } from './errors.ts'

/** The code of an error of the operating system, such as `ENOENT`. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

export function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const TAKEN: Readonly<Record<string, string>> = {
  EISDIR: 'a folder has this name',
  ENOTEMPTY: 'a folder has this name',
  EEXIST: 'a file stands where a folder is needed',
  ENOTDIR: 'a file stands where a folder is needed',
}
/** What a sender's broken connection looks like. */
const CUT = new Set(['ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE'])

/** What went wrong with a file, as a coded error. */
export function fileFault(error: unknown, at: { place: string; path: string }): unknown {
  if (isPlatformError(error)) return error
  const code = systemCodeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (code !== undefined && FULL.has(code))
    return databaseErrors.STORAGE_FULL({ path: at.path, reason }, error)
  if ((code !== undefined && CUT.has(code)) || isAbort(error))
    return artifactFileErrors.ARTIFACT_UPLOAD_CUT({ path: at.path, reason }, error)
  const taken = code === undefined ? undefined : TAKEN[code]
  if (taken !== undefined)
    return artifactFileErrors.ARTIFACT_PATH_TAKEN({ path: at.path, reason: taken }, error)
  return artifactFileErrors.ARTIFACT_DESTINATION_FAILED({ ...at, reason: code ?? reason }, error)
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.message === 'aborted')
}
