import ts from 'typescript'
import type { CheckResult } from './check-result.ts'
import { readRepositoryFile, repositoryFiles } from './repository.ts'

const MOST_LINES = 400
const MOST_TEST_LINES = 600
const MOST_FUNCTION_LINES = 50
const MOST_INDEX_LINES = 40
const MOST_PARAMETERS = 3
/** A function that only its own file calls. */
const MOST_PRIVATE_PARAMETERS = 4
const FORBIDDEN_NAMES = /(^|\/)(utils?|helpers?|common|misc|lib|shared)(\/|\.ts$)/
/** The records' own folders name what several of their files hold. */
const NAMED_BY_THE_FIELD = /^src\/core\/records\/(belt|project)\/common\.ts$/

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.Node }

function isFunctionWithBody(node: ts.Node): node is FunctionWithBody {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

function linesOf(node: ts.Node, source: ts.SourceFile): number {
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line
  return lineAt(node.end) - lineAt(node.getStart(source)) + 1
}

/** Lines of the functions directly inside a node, each beyond the one it begins on. */
function innerLines(node: ts.Node, source: ts.SourceFile): number {
  let lines = 0
  ts.forEachChild(node, (child) => {
    lines += isFunctionWithBody(child) ? linesOf(child, source) - 1 : innerLines(child, source)
  })
  return lines
}

function mostParameters(node: FunctionWithBody): number {
  const isPrivate =
    ts.isConstructorDeclaration(node) ||
    (ts.isFunctionDeclaration(node) &&
      node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true)
  return isPrivate ? MOST_PRIVATE_PARAMETERS : MOST_PARAMETERS
}

/** A function's own lines: a function inside it is measured by itself. */
function functionFaults(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const faults: string[] = []
  const visit = (node: ts.Node): void => {
    if (isFunctionWithBody(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      const lines = linesOf(node, source) - innerLines(node, source)
      if (lines > MOST_FUNCTION_LINES) {
        const most = `at most ${MOST_FUNCTION_LINES}`
        faults.push(`${file}:${first}: a function of ${lines} lines of its own; ${most}`)
      }
      const count = node.parameters.length
      if (count > mostParameters(node)) {
        faults.push(`${file}:${first}: ${count} parameters; take one options object instead`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return faults
}

function lineFaults(file: string, lines: number): string[] {
  const isIndex = file.startsWith('src/') && file.endsWith('/index.ts')
  const most = isIndex ? MOST_INDEX_LINES : file.endsWith('.test.ts') ? MOST_TEST_LINES : MOST_LINES
  return lines > most ? [`${file}: ${lines} lines; at most ${most}`] : []
}

/** Sizes of files and functions, and names that say nothing. */
export function checkBudgets(): CheckResult {
  const files = repositoryFiles(/\.(ts|mjs|py)$/)
  const faults = files.flatMap((file) => {
    const text = readRepositoryFile(file)
    const isUnnamed = FORBIDDEN_NAMES.test(file) && !NAMED_BY_THE_FIELD.test(file)
    return [
      ...lineFaults(file, text.trimEnd().split('\n').length),
      ...(isUnnamed ? [`${file}: the name says nothing of what is in it`] : []),
      ...(file.endsWith('.ts') && !file.endsWith('.test.ts') ? functionFaults(file, text) : []),
    ]
  })
  return { summary: `${files.length} files within their budgets`, faults }
}
