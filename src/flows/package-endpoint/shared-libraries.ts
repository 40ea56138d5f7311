import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TarEntry } from '../../platform/oci-image/index.ts'
import { packageEndpointErrors } from './errors.ts'
import { readElf } from './read-elf.ts'

/** Libraries that glibc loads by itself when a name is looked up; part of it since 2.34. */
const LOADED_LATER = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2']

const TRIPLETS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
}

/** Where the loader looks without being told. */
function systemFolders(): string[] {
  const triplet = TRIPLETS[process.arch]
  const own = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`]
  return [...own, '/lib64', '/usr/lib64', '/lib', '/usr/lib'].filter((folder) => existsSync(folder))
}

/**
 * The system's libraries that programs and native modules need, and theirs: paths of this machine,
 * sorted. What stands beside a module is found by the module and is not among them.
 * @throws LIBRARY_MISSING
 */
export function sharedLibraries(binaries: readonly string[]): string[] {
  const folders = systemFolders()
  const found = new Set<string>()
  const waiting = [...binaries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const added = neededBy(file, folders).filter((path) => !found.has(path))
    for (const path of added) found.add(path)
    waiting.push(...added)
  }
  const later = folders
    .filter((folder) => found.has(join(folder, 'libc.so.6')))
    .flatMap((folder) => LOADED_LATER.map((name) => join(folder, name)))
    .filter((path) => existsSync(path))
  return [...new Set([...found, ...later])].toSorted()
}

/** Where a file's loader and libraries are; without those beside it. @throws LIBRARY_MISSING */
function neededBy(file: string, folders: readonly string[]): string[] {
  const needs = readElf(file)
  if (needs === undefined) return []
  const { interpreter, libraries, searchPaths } = needs
  const origin = dirname(file)
  const beside = searchPaths.map((path) => path.replace(/\$(?:ORIGIN|\{ORIGIN\})/, origin))
  const holds = (name: string) => (folder: string) => existsSync(join(folder, name))
  const paths = libraries
    .filter((name) => !beside.some(holds(name)))
    .map((name) => {
      const holder = folders.find(holds(name))
      if (holder === undefined) throw packageEndpointErrors.LIBRARY_MISSING({ name, file })
      return join(holder, name)
    })
  return interpreter === undefined ? paths : [interpreter, ...paths]
}

/** Libraries as entries at the same places; a link to a file becomes the file. */
export function libraryEntries(paths: readonly string[]): TarEntry[] {
  return paths.map((path) => {
    const file = realpathSync(path)
    const { size } = statSync(file)
    return { kind: 'file', path: path.slice(1), mode: 0o755, content: { file, size } }
  })
}

/**
 * The terms under which Debian distributes the libraries, which must go where they go. Empty on
 * other systems, whose packages keep them elsewhere.
 */
export function licenceEntries(paths: readonly string[]): TarEntry[] {
  const files = new Set(paths.flatMap((path) => [path, realpathSync(path)]))
  const owners = paths.length === 0 ? '' : askOwners([...files])
  const packages = new Set(
    [...owners.matchAll(/^([a-z0-9][a-z0-9+.-]*)(?::\w+)?:/gm)].map(([, name]) => name),
  )
  return [...packages].flatMap((name): TarEntry[] => {
    const path = `/usr/share/doc/${name}/copyright`
    if (!existsSync(path)) return []
    const file = realpathSync(path)
    const { size } = statSync(file)
    return [{ kind: 'file', path: path.slice(1), mode: 0o644, content: { file, size } }]
  })
}

function askOwners(files: readonly string[]): string {
  try {
    return execFileSync('dpkg-query', ['-S', ...files], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch (error) {
    // It fails when one of the paths is unknown (a link), after telling about the others.
    const { stdout }: { stdout?: unknown } = Object(error)
    return typeof stdout === 'string' ? stdout : ''
  }
}
