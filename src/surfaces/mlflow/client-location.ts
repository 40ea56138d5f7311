import { mlflowErrors } from './errors.ts'
import type { MlflowOptions } from './mlflow-options.ts'

/**
 * Judges URIs that clients send as places of artifacts. The server may read and write there later,
 * so a client must not point it at the machine's files, at its network, or out of a folder.
 */

const MOST_DECODINGS = 5
const LONGEST_LOCATION = 2_048
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/
// Control characters, and backslashes, which some systems take for slashes.
const FORBIDDEN = /[\p{Cc}\\]/u

type Roots = Pick<MlflowOptions, 'artifactRoots'>

/** An experiment's artifact location. @throws MLFLOW_LOCATION_REFUSED */
export function checkArtifactLocation({ artifactRoots }: Roots, location: string): void {
  const field = 'artifact_location'
  checkPath(field, location)
  const scheme = schemeOf(location)
  if (scheme === 'mlflow-artifacts') checkProxied(field, location)
  else checkUnderRoots(field, location, artifactRoots ?? [])
}

export type SourceKind = 'logged-model' | 'registered-model' | 'run' | 'files'

/** What a model version's source names. @throws MLFLOW_LOCATION_REFUSED */
export function kindOfSource(source: string): SourceKind {
  const field = 'source'
  checkPath(field, source)
  const scheme = schemeOf(source)
  if (scheme === 'models' || scheme === 'runs') {
    if (/^[a-z]+:\/(?!\/)/i.test(source)) {
      if (scheme === 'runs') return 'run'
      return /^models:\/m-[^/@]*$/i.test(source) ? 'logged-model' : 'registered-model'
    }
    throw refused(field, source, 'names a host where none belongs')
  }
  if (scheme === 'mlflow-artifacts') checkProxied(field, source)
  return 'files'
}

/** A source that belongs to no run or model must lie where the operator allows it. */
export function checkSourceRoot({ artifactRoots }: Roots, source: string): void {
  checkUnderRoots('source', source, artifactRoots ?? [])
}

/** Whether a URI is a folder's or lies in it; `file:///x` and `/x` are the same. */
export function isWithin(location: string, root: string): boolean {
  const inside = plain(location)
  const folder = plain(root)
  return inside === folder || inside.startsWith(`${folder}/`)
}

function checkPath(field: string, location: string): void {
  if (location.length > LONGEST_LOCATION) {
    throw refused(field, location, `is longer than ${LONGEST_LOCATION} characters`)
  }
  const decoded = decodedFully(field, location)
  if (FORBIDDEN.test(decoded)) throw refused(field, location, 'holds a character that no path has')
  if (/[?#]/.test(decoded)) throw refused(field, location, 'holds a query or a fragment')
  if (decoded.split('/').some((part) => part === '..' || part === '.')) {
    throw refused(field, location, 'leads out of its folder: "." and ".." are not allowed')
  }
}

/** A path may be encoded again and again to hide what it is. */
function decodedFully(field: string, location: string): string {
  let text = location
  for (let times = 0; times < MOST_DECODINGS; times++) {
    const next = decodedOnce(text)
    if (next === text) return text
    text = next
  }
  throw refused(field, location, 'is encoded too many times')
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A percent sign that begins no code stands for itself.
    return text
  }
}

function checkProxied(field: string, location: string): void {
  if (/^mlflow-artifacts:\/(?!\/)/i.test(location)) return
  throw refused(field, location, 'names a host; write mlflow-artifacts:/path')
}

function checkUnderRoots(field: string, location: string, roots: readonly string[]): void {
  if (roots.some((root) => isWithin(location, root))) return
  throw refused(field, location, "is not under the server's artifact roots")
}

function schemeOf(location: string): string | undefined {
  return SCHEME.exec(location)?.[1]?.toLowerCase()
}

function plain(location: string): string {
  const withoutFile = location.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, '')
  return withoutFile.replace(/(?<=[^:/])\/{2,}/g, '/').replace(/(?<!:)\/+$/, '')
}

function refused(field: string, location: string, reason: string) {
  return mlflowErrors.MLFLOW_LOCATION_REFUSED({ field, location: location.slice(0, 200), reason })
}
