import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { errors } from './errors.ts'
import type { Locate, Position, ProjectPath } from './issue.ts'

/** Uses of YAML aliases that one document may make; more is an attack, not a project. */
const MAX_ALIASES = 100

/** A project as written, with a way to find each part again. */
export interface ProjectDocument {
  readonly value: unknown
  readonly locate: Locate
}

/** The node of a path's last key (for a message about a field, its name is the place to look at). */
function nodeAt(root: unknown, path: ProjectPath): Node | undefined {
  let node: unknown = root
  let place: unknown = root
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === part)
      if (!isPair(pair)) break
      place = pair.key
      node = pair.value
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part]
      place = node
    } else break
  }
  return place as Node | undefined
}

/**
 * Reads a JSON or YAML project. Duplicate keys are errors; JSON must be plain JSON, though the YAML
 * reader gives the positions of both.
 * @throws PROJECT_FILE_UNREADABLE
 */
export function readDocument(file: string, text: string): ProjectDocument {
  const lines = new LineCounter()
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const fail = (reason: string, at?: Position, cause?: unknown) =>
    errors.PROJECT_FILE_UNREADABLE({ file, reason, line: at?.line, column: at?.column }, cause)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [first] = document.errors
  if (first !== undefined) throw fail(first.message, position(first.pos[0]), first)
  if (file.endsWith('.json')) {
    try {
      JSON.parse(text)
    } catch (error) {
      throw fail(error instanceof Error ? error.message : String(error), undefined, error)
    }
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), undefined, error)
  }
  const locate: Locate = (path) => {
    const offset = nodeAt(document.contents, path)?.range?.[0]
    return offset === undefined ? undefined : position(offset)
  }
  return { value, locate }
}
