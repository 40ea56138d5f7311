/** One mistake in a project file: where, what was expected, what was got, and a likely cure. */
export interface ProjectIssue {
  /** Place in the project, such as `candidates[0].searchSpace.depth`; empty for the whole. */
  readonly path: string
  /** One-based position in the file, where it is known. */
  readonly line?: number
  readonly column?: number
  readonly expected: string
  readonly got: string
  readonly didYouMean?: string
  /** The whole in one sentence. */
  readonly message: string
}

export type ProjectPath = readonly (string | number)[]

export interface Position {
  readonly line: number
  readonly column: number
}

/** Finds a path's position in the file it was read from; undefined where it cannot be known. */
export type Locate = (path: ProjectPath) => Position | undefined

export function pathText(path: ProjectPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}

const LONGEST_VALUE = 60

/** A value as a person would quote it, cut to one short line. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const keys = Object.keys(value)
    return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 4).join(', ')}`
  }
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text
}

export interface IssueFacts {
  readonly path: ProjectPath
  readonly expected: string
  readonly got: string
  readonly didYouMean?: string | undefined
  /** Line and column where they are known better than by the path. */
  readonly position?: Position | undefined
}

/** Puts an issue together: its sentence and its position. */
export function projectIssue(facts: IssueFacts, locate: Locate): ProjectIssue {
  const path = pathText(facts.path)
  const position = facts.position ?? locate(facts.path)
  const suggestion = facts.didYouMean === undefined ? '' : `; did you mean "${facts.didYouMean}"?`
  return {
    path,
    ...position,
    expected: facts.expected,
    got: facts.got,
    ...(facts.didYouMean === undefined ? {} : { didYouMean: facts.didYouMean }),
    message: `${path === '' ? 'the project' : path}: expected ${facts.expected}, got ${facts.got}${suggestion}`,
  }
}

/** One line an issue, with `file:line:column` in front where it is known. */
export function issueLines(file: string, issues: readonly ProjectIssue[]): string {
  return issues
    .map((issue) => {
      const at = issue.line === undefined ? '' : `${file}:${issue.line}:${issue.column ?? 1} `
      return `  ${at}${issue.message}`
    })
    .join('\n')
}
