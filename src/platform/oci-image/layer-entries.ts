import { posix } from 'node:path'
import type { TarEntry } from './tar-entry.ts'

/**
 * The entries of a layer in the order of their paths, each folder before what is in it; folders on
 * the way are added. Of two entries with one path the first stands.
 */
export function layerEntries(entries: Iterable<TarEntry>): TarEntry[] {
  const byPath = new Map<string, TarEntry>()
  for (const entry of entries) {
    if (!byPath.has(entry.path)) byPath.set(entry.path, entry)
  }
  for (const path of [...byPath.keys()]) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
      if (!byPath.has(folder)) byPath.set(folder, { kind: 'directory', path: folder, mode: 0o755 })
    }
  }
  // By code units and part by part, so that the order is the same in every locale.
  return [...byPath.values()].toSorted((a, b) => compareParts(a.path.split('/'), b.path.split('/')))
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, index) => part !== b[index])
  if (at === -1) return a.length - b.length
  const [left, right] = [a[at] ?? '', b[at]]
  if (right === undefined) return 1
  return left < right ? -1 : 1
}
