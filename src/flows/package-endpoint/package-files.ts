import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { TarEntry } from '../../platform/oci-image/index.ts'
import { packageEndpointErrors } from './errors.ts'

/** An installed package that goes along. */
export interface InstalledPackage {
  readonly name: string
  readonly folder: string
  readonly licence: string | undefined
  /** The link that it was found by, where the package manager links packages. */
  readonly link: string | undefined
}

interface Manifest {
  readonly license?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** What a package declares that it needs; names only. */
export function declaredDependencies(folder: string): string[] {
  return Object.keys(readManifest(folder).dependencies ?? {})
}

/**
 * The named packages and all that they need in turn, as they are installed for `folder`.
 * Optional and peer dependencies go along when they are there.
 * @throws DEPENDENCY_MISSING
 */
export function installedPackages(folder: string, names: readonly string[]): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>()
  const waiting = names.map((name) => ({ name, needer: folder, isNeeded: true }))
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, needer, isNeeded } = next
    const place = findPackage(name, needer)
    if (place === undefined) {
      if (isNeeded) throw packageEndpointErrors.DEPENDENCY_MISSING({ name, needer })
      continue
    }
    if (found.has(place)) continue
    const real = realpathSync(place)
    const manifest = readManifest(real)
    const licence = typeof manifest.license === 'string' ? manifest.license : undefined
    found.set(place, { name, folder: real, licence, link: real === place ? undefined : place })
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest
    const optional = { ...optionalDependencies, ...peerDependencies }
    for (const dependency of Object.keys({ ...dependencies, ...optional })) {
      waiting.push({ name: dependency, needer: real, isNeeded: !(dependency in optional) })
    }
  }
  return [...found.values()]
}

/** Where Node would find a package for a module in `folder`. */
function findPackage(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, 'node_modules', name)
    if (statSync(join(place, 'package.json'), { throwIfNoEntry: false }) !== undefined) return place
    if (dirname(at) === at) return undefined
  }
}

/** The folder that all of the folders are in; never a `node_modules` itself. */
export function commonFolder(folders: readonly string[]): string {
  const parts = folders.map((folder) => folder.split(sep))
  const [first = []] = parts
  const differs = first.findIndex((part, at) => parts.some((other) => other[at] !== part))
  const common = first.slice(0, differs === -1 ? first.length : differs).join(sep) || sep
  return basename(common) === 'node_modules' ? dirname(common) : common
}

/** Folders at a package's top that only its developers need. */
const DEVELOPMENT = /^(?:test|tests|__tests__|docs?|examples?|bench|benchmarks?|\.github)$/i
/** Files that no program reads; Node runs no TypeScript of packages. */
const UNREAD = /\.(?:[cm]?ts|map|md|markdown|tsbuildinfo|flow)$|^\.[^/]*$/i
const LICENCE = /^(?:licen[cs]e|notice|copying|third)/i
/** Native modules for all systems in one package, as `bin/napi-v6/<system>/<architecture>/…`. */
const NATIVE =
  /(?:^|\/)(?:bin|prebuilds)\/(?:napi-v\d+\/)?(darwin|linux|win32|freebsd|android)(?:[/-](\w+))?\//

/** Whether a file of a package is needed where its programs only run, on this kind of machine. */
export function isNeededAtRunTime(path: string): boolean {
  const [top = ''] = path.split('/')
  const name = basename(path)
  if (DEVELOPMENT.test(top)) return false
  const [, system, architecture] = NATIVE.exec(path) ?? []
  if (system !== undefined && system !== process.platform) return false
  if (architecture !== undefined && architecture !== process.arch) return false
  return LICENCE.test(name) || !UNREAD.test(name)
}

export interface FolderEntries {
  readonly folder: string
  /** Where it stands in the image. */
  readonly at: string
  readonly accepts: (path: string) => boolean
  /** Reads the files now: for what may be edited while an image is written. @default false */
  readonly isHeld?: boolean
}

/** The files in a folder that are accepted, without packages inside it, which come by themselves. */
export function folderEntries(options: FolderEntries): TarEntry[] {
  const { folder, at, accepts, isHeld = false } = options
  return filesBelow(folder, '').flatMap((path): TarEntry[] => {
    if (!accepts(path)) return []
    const file = join(folder, path)
    const content = isHeld ? { bytes: readFileSync(file) } : { file, size: lstatSync(file).size }
    return [{ kind: 'file', path: `${at}/${path}`, mode: 0o644, content }]
  })
}

function filesBelow(root: string, path: string): string[] {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((found) => {
    const inner = path === '' ? found.name : `${path}/${found.name}`
    if (found.isFile()) return [inner]
    return found.isDirectory() && found.name !== 'node_modules' ? filesBelow(root, inner) : []
  })
}

/** Packages at the same places below `at` as they have below `base`, links included. */
export function packageEntries(
  packages: readonly InstalledPackage[],
  { base, at }: { readonly base: string; readonly at: string },
): TarEntry[] {
  const place = (path: string) => `${at}/${relative(base, path).split(sep).join('/')}`
  return packages.flatMap(({ folder, link }): TarEntry[] => {
    const files = folderEntries({ folder, at: place(folder), accepts: isNeededAtRunTime })
    if (link === undefined) return files
    const target = relative(dirname(link), folder).split(sep).join('/')
    return [...files, { kind: 'link', path: place(link), mode: 0o777, target }]
  })
}
