import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ImageLayer, TarEntry } from '../../platform/oci-image/index.ts'
import { PLACES, USER_ID } from './image-places.ts'
import { CERTIFICATES } from './image-settings.ts'
import { importedPackages } from './import-graph.ts'
import {
  commonFolder,
  declaredDependencies,
  folderEntries,
  type InstalledPackage,
  installedPackages,
  packageEntries,
} from './package-files.ts'
import { libraryEntries, licenceEntries, sharedLibraries } from './shared-libraries.ts'

/** The program that an image runs: this package, as it is installed here. */
export interface ImageProgram {
  /** Folder with `package.json`. */
  readonly folder: string
  /** The folder in it that holds the modules, such as `dist`. */
  readonly modules: string
  /** What a container starts, relative to `folder`. */
  readonly start: string
  /** Modules that are loaded whatever is run, and those that serving runs; relative to `folder`. */
  readonly loaded: readonly string[]
  readonly running: readonly string[]
  /** The Node that runs it. */
  readonly node: string
}

export interface ProgramLayers {
  readonly libraries: ImageLayer
  readonly runtime: ImageLayer
  readonly dependencies: ImageLayer
  readonly code: ImageLayer
  /** Path of what a container starts. */
  readonly start: string
  /** Of all that is in the layers, as an SPDX expression. */
  readonly licences: string
}

/**
 * What an image needs beside the endpoint: the system's libraries, Node, packages, code.
 * @throws DEPENDENCY_MISSING, LIBRARY_MISSING
 */
export function programLayers(program: ImageProgram, withLibraries: boolean): ProgramLayers {
  const packages = packagesOf(program)
  const base = commonFolder([program.folder, ...packages.map(({ folder }) => folder)])
  const at = PLACES.code.slice(1)
  const modules = packageEntries(packages, { base, at })
  const own = ownEntries(program, { base, at })
  const natives = modules.flatMap(nativeFile)
  const libraries = withLibraries ? sharedLibraries([program.node, ...natives]) : []
  const place = base === program.folder ? '' : program.folder.slice(base.length)
  return {
    libraries: {
      name: 'libraries',
      summary:
        "the system's libraries, certificates, accounts, and the folders that are written to",
      entries: [...systemEntries(), ...libraryEntries(libraries), ...licenceEntries(libraries)],
    },
    runtime: {
      name: 'runtime',
      summary: `Node ${process.versions.node}`,
      entries: nodeEntries(program.node),
    },
    dependencies: {
      name: 'dependencies',
      summary: `${packages.length} packages that serving needs`,
      entries: modules,
    },
    code: { name: 'code', summary: 'esteira', entries: own },
    start: `${PLACES.code}${place}/${program.start}`,
    licences: licencesOf(packages, withLibraries),
  }
}

function packagesOf({ folder, loaded, running }: ImageProgram): InstalledPackage[] {
  const absolute = (paths: readonly string[]) => paths.map((path) => join(folder, path))
  const declared = declaredDependencies(folder)
  const imported = importedPackages({ loaded: absolute(loaded), running: absolute(running) })
  return installedPackages(
    folder,
    imported.filter((name) => declared.includes(name)),
  )
}

/** Node's archives keep their terms above the program's folder. */
function nodeEntries(node: string): TarEntry[] {
  const program = fileEntry(node, PLACES.node.slice(1), 0o755)
  const terms = join(dirname(realpathSync(node)), '..', 'LICENSE')
  if (!existsSync(terms)) return [program]
  return [program, fileEntry(terms, 'usr/share/doc/nodejs/LICENSE', 0o644)]
}

const NOT_RUN = /\.test\.[jt]s$|(?:^|\/)fixtures\/|\.d\.ts$|\.map$/

function ownEntries(
  { folder, modules }: ImageProgram,
  { base, at }: { readonly base: string; readonly at: string },
): TarEntry[] {
  const place = `${at}${folder.slice(base.length)}`
  const accepts = (path: string) => !NOT_RUN.test(path)
  const named = ['package.json', 'LICENSE'].filter((name) => existsSync(join(folder, name)))
  return [
    ...named.map((name) => fileEntry(join(folder, name), `${place}/${name}`, 0o644)),
    ...folderEntries({
      folder: join(folder, modules),
      at: `${place}/${modules}`,
      accepts,
      isHeld: true,
    }),
  ]
}

function nativeFile(entry: TarEntry): string[] {
  if (entry.kind !== 'file' || !('file' in entry.content)) return []
  return /\.node$|\.so(?:\.\d+)*$/.test(entry.path) ? [entry.content.file] : []
}

function fileEntry(file: string, path: string, mode: number): TarEntry {
  const real = realpathSync(file)
  return { kind: 'file', path, mode, content: { file: real, size: statSync(real).size } }
}

function textEntry(path: string, text: string): TarEntry {
  return { kind: 'file', path, mode: 0o644, content: { bytes: Buffer.from(text) } }
}

/** What a program expects of any system, and the two folders that are written to. */
function systemEntries(): TarEntry[] {
  const account = `esteira:x:${USER_ID}:`
  const certificates = `/${CERTIFICATES}`
  return [
    textEntry('etc/passwd', `root:x:0:0::/:/nowhere\n${account}${USER_ID}::/data:/nowhere\n`),
    textEntry('etc/group', `root:x:0:\n${account}\n`),
    textEntry('etc/nsswitch.conf', 'hosts: files dns\n'),
    ...(existsSync(certificates) ? [fileEntry(certificates, CERTIFICATES, 0o644)] : []),
    { kind: 'directory', path: PLACES.temporary.slice(1), mode: 0o1777 },
    dataFolderEntry(),
  ]
}

/** Owned by the account and writable by group 0, which clusters that choose their own account give it. */
export function dataFolderEntry(): TarEntry {
  return { kind: 'directory', path: PLACES.data.slice(1), mode: 0o770, uid: USER_ID }
}

/** Node's own, and those of Debian's C and C++ libraries. */
const NODE_LICENCE = 'MIT'
const LIBRARY_LICENCES = ['LGPL-2.1-or-later', 'GPL-3.0-or-later WITH GCC-exception-3.1']

function licencesOf(packages: readonly InstalledPackage[], withLibraries: boolean): string {
  const named = packages.flatMap(({ licence }) =>
    licence === undefined
      ? []
      : [/ (?:OR|WITH) /.test(licence) && !licence.startsWith('(') ? `(${licence})` : licence],
  )
  const all = ['Apache-2.0', NODE_LICENCE, ...named, ...(withLibraries ? LIBRARY_LICENCES : [])]
  return [...new Set(all)].toSorted().join(' AND ')
}
