import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface ImportGraphOptions {
  /** Modules of which counts what is loaded with them. */
  readonly loaded: readonly string[]
  /** Modules of which also counts what they, and what they load, load later. */
  readonly running: readonly string[]
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`; types leave nothing to load. */
const STATIC = /\b(?:import|export)\s+(?!type\b)(?:[\w$*{}\s,]*?\bfrom\s*)?['"]([^'"\n]+)['"]/g
const LAZY = /\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"]([^'"\n]+)['"]/g
/** Modules that are started as threads or processes: `new URL('./x.ts', import.meta.url)`. */
const STARTED = /\bnew URL\(\s*[`'"](\.[^`'"\n$]+)(?:\$\{\w+\})?[`'"],\s*import\.meta\.url/g

/**
 * The packages that are loaded, now or later, when modules of this package run: names as in
 * `import`, sorted. A text that only looks like an import can add a name, never hide one; callers
 * keep those that are declared dependencies.
 */
export function importedPackages({ loaded, running }: ImportGraphOptions): string[] {
  const names = [...follow(loaded, [STATIC]), ...follow(running, [STATIC, LAZY, STARTED])]
  return [...new Set(names)].toSorted()
}

function follow(entries: readonly string[], patterns: readonly RegExp[]): Set<string> {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const waiting = [...entries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file) || !existsSync(file)) continue
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const specifier of patterns.flatMap((pattern) => specifiers(text, pattern))) {
      if (specifier.startsWith('.')) waiting.push(...modulesAt(join(dirname(file), specifier)))
      else if (!specifier.startsWith('node:')) packages.add(packageName(specifier))
    }
  }
  return packages
}

function specifiers(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, specifier = '']) => specifier)
}

/** A path without its ending is meant as the one of the module that names it. */
function modulesAt(path: string): string[] {
  return /\.[jt]s$/.test(path) ? [path] : [`${path}.ts`, `${path}.js`]
}

function packageName(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}
