import ts from 'typescript'
import type { CheckResult } from './check-result.ts'
import { readRepositoryFile, repositoryFiles } from './repository.ts'

const MOST_LINES = 400
const MOST_TEST_LINES = 600
const MOST_FUNCTION_LINES = 50
const MOST_INDEX_LINES = 40
const MOST_POSITIONAL_PARAMETERS = 3
const FORBIDDEN_NAMES = /(^|\/)(utils?|helpers?|common|misc|lib|shared)(\/|\.ts$)/
/** The records' own folders name what several of their files hold. */
const NAMED_BY_THE_FIELD = /^src\/core\/records\/(belt|project)\/common\.ts$/

function functionFaults(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const faults: string[] = []
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = lineOf(node.getStart(source))
      const lines = lineOf(node.end) - first + 1
      if (lines > MOST_FUNCTION_LINES) {
        faults.push(
          `${file}:${first}: a function of ${lines} lines; at most ${MOST_FUNCTION_LINES}`,
        )
      }
      if (node.parameters.length > MOST_POSITIONAL_PARAMETERS + 1) {
        const count = node.parameters.length
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
