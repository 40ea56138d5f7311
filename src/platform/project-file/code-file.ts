import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ProjectDocument } from './document-file.ts'
import { errors } from './errors.ts'
import type { Locate, Position } from './issue.ts'

const LOAD_MARK = 'esteira-load'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const FRONT_DOORS: Readonly<Record<string, string>> = {
  esteira: new URL(`../../index${ownExtension}`, import.meta.url).href,
  'esteira/testing': new URL(`../../testkit/index${ownExtension}`, import.meta.url).href,
}

function isOwnFile(url: string, folderUrl: string): boolean {
  return url.startsWith(folderUrl) && !url.includes('/node_modules/')
}

function isFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/')
}

/**
 * For the time of one import: `esteira` means this very package, installed or not, and the
 * project's files are read anew instead of from the module cache.
 */
function hookResolution(folder: string, mark: string, onFile: (file: string) => void) {
  const folderUrl = `${pathToFileURL(folder).href}/`
  return registerHooks({
    resolve(specifier, context, nextResolve) {
      const frontDoor = FRONT_DOORS[specifier]
      if (frontDoor !== undefined) return { url: frontDoor, shortCircuit: true }
      const resolved = nextResolve(specifier, context)
      const fromProject = context.parentURL?.includes(mark) === true
      if (fromProject && isFile(resolved.url)) onFile(fileURLToPath(resolved.url))
      if (!fromProject || !isOwnFile(resolved.url, folderUrl)) return resolved
      return { ...resolved, url: `${resolved.url}?${mark}` }
    },
    load(url, context, nextLoad) {
      const { pathname } = new URL(url)
      const isTypeScript = url.includes(mark) && pathname.endsWith('.ts')
      // Without a package.json beside it, Node would first try the file as CommonJS and warn.
      return nextLoad(url, isTypeScript ? { ...context, format: 'module-typescript' } : context)
    },
  })
}

/** The first place in the project file that a stack trace names. */
function positionInStack(error: unknown, file: string): Position | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const url = pathToFileURL(file).href
  for (const name of [url, file]) {
    const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const match = new RegExp(`${escaped}(?:\\?[^:\\s]*)?:(\\d+)(?::(\\d+))?`).exec(stack)
    if (match?.[1] !== undefined) return { line: Number(match[1]), column: Number(match[2] ?? 1) }
  }
  return undefined
}

/** A field's place in source code: known only when its name is written once as a key. */
function locateInSource(text: string): Locate {
  return (projectPath) => {
    const key = projectPath.at(-1)
    if (typeof key !== 'string') return undefined
    const escaped = key.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const written = [...text.matchAll(new RegExp(`(?<![\\w.$-])(['"]?)${escaped}\\1\\s*:`, 'g'))]
    const [only, ...others] = written
    if (only === undefined || others.length > 0) return undefined
    const before = text.slice(0, only.index).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
  }
}

let loads = 0

/**
 * Runs a TypeScript or JavaScript project file and takes its default export.
 * @param onFile told of every file of the project that it imports, even when it fails
 * @throws PROJECT_FILE_FAILED, PROJECT_FILE_EXPORT_MISSING
 */
export async function runCodeFile(
  file: string,
  onFile: (file: string) => void = () => {},
): Promise<ProjectDocument> {
  loads += 1
  const mark = `${LOAD_MARK}=${loads}`
  const text = readFileSync(file, 'utf8')
  const hooks = hookResolution(path.dirname(file), mark, onFile)
  let module: Record<string, unknown>
  let value: unknown
  try {
    module = await import(/* @vite-ignore */ `${pathToFileURL(file).href}?${mark}`)
    value = await module.default
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const at = positionInStack(error, file)
    throw errors.PROJECT_FILE_FAILED({ file, reason, line: at?.line, column: at?.column }, error)
  } finally {
    hooks.deregister()
  }
  if (value === undefined) {
    throw errors.PROJECT_FILE_EXPORT_MISSING({ file, exported: Object.keys(module) })
  }
  return { value, locate: locateInSource(text) }
}
