import { artifactFileErrors } from './errors.ts'

/** First name of what this module keeps for itself inside a local destination. */
export const UPLOADS_FOLDER = '.esteira-uploads'

const MAX_NAME_BYTES = 255
/** An S3 key has at most 1,024 bytes; the rest is left for the destination's prefix. */
const MAX_PATH_BYTES = 900
// Control characters, C1 included.
const CONTROL = /\p{Cc}/u
const DRIVE = /^[A-Za-z]:/
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i
const WINDOWS_REFUSES = /[<>:"|?*]|[. ]$/

/**
 * The one place that says which artifact paths there are: names joined by `/`, from the root of a
 * destination. A percent sign is just a character here: whoever reads a URL decodes it once before.
 *
 * @returns the same path
 * @throws ARTIFACT_PATH_INVALID
 */
export function parseArtifactPath(path: string, platform: string = process.platform): string {
  const reason = faultOfPath(path, platform)
  if (reason !== undefined)
    throw artifactFileErrors.ARTIFACT_PATH_INVALID({ path: path.slice(0, 200), reason })
  return path
}

/** As {@link parseArtifactPath}; the empty path is the root, and a `/` at the end is dropped. */
export function parseArtifactFolder(folder: string): string {
  if (folder === '') return ''
  return parseArtifactPath(folder.endsWith('/') ? folder.slice(0, -1) : folder)
}

function faultOfPath(path: string, platform: string): string | undefined {
  if (path === '') return 'it is empty'
  if (!path.isWellFormed()) return 'it is no well-formed Unicode'
  if (CONTROL.test(path)) return 'it has control characters'
  if (path.includes('\\')) return 'it has a backslash'
  if (path.startsWith('/')) return 'it begins with "/"'
  if (DRIVE.test(path)) return 'it begins with a drive letter'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`
  const names = path.split('/')
  if (names[0] === UPLOADS_FOLDER) return `"${UPLOADS_FOLDER}" is kept for uploads under way`
  for (const name of names) {
    const fault = faultOfName(name, platform)
    if (fault !== undefined) return fault
  }
  return undefined
}

function faultOfName(name: string, platform: string): string | undefined {
  if (name === '') return 'it has an empty name'
  if (name === '.' || name === '..') return `it has the name "${name}"`
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    return `it has a name of more than ${MAX_NAME_BYTES} bytes`
  if (platform !== 'win32') return undefined
  if (WINDOWS_DEVICE.test(name)) return `"${name}" is the name of a device`
  if (WINDOWS_REFUSES.test(name)) return `"${name}" is no file name on Windows`
  return undefined
}
