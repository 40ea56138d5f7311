import path from 'node:path'
import { type ErrorDefinition, type ErrorTable, EXIT_CODES } from '../../src/core/errors/index.ts'
import { ROOT, repositoryFiles } from '../checks/repository.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

type Definition = ErrorDefinition<Readonly<Record<string, unknown>>>

function isErrorTable(value: unknown): value is { readonly table: ErrorTable } {
  return typeof value === 'object' && value !== null && 'table' in value
}

/** Stands for a detail: its name where a text is needed, whatever is asked of it. */
function placeholder(name: string): unknown {
  const text = `<${name}>`
  const answer = new Proxy(() => text, {
    get: (_, key) => {
      if (key === Symbol.toPrimitive || key === 'toString') return () => text
      if (key === Symbol.iterator) return [][Symbol.iterator].bind([text])
      if (key === 'length') return 2
      return placeholder(name)
    },
    apply: () => placeholder(name),
  })
  return answer
}

/** A message as it reads with `<names>` in the place of details. */
function exampleText(write: (details: Readonly<Record<string, unknown>>) => string): string {
  const details = new Proxy({}, { get: (_, key) => placeholder(String(key)) })
  return String(write(details)).replaceAll('<', '&lt;').replaceAll('NaN', '…')
}

function definitionRow([code, definition]: readonly [string, Definition]): string[] {
  return [
    `\`${code}\``,
    exampleText(definition.message),
    exampleText(definition.hint),
    String(definition.status),
    `${EXIT_CODES[definition.exit]} ${definition.exit}`,
    definition.blame,
    definition.retryable === true ? 'yes' : '',
  ]
}

async function tableText(file: string): Promise<string> {
  const exported: Record<string, unknown> = await import(path.join(ROOT, file))
  const tables = Object.values(exported).filter(isErrorTable)
  const rows = tables
    .flatMap(({ table }) => Object.entries(table.definitions))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, definition]) => definitionRow([code, definition as unknown as Definition]))
  const name = path.dirname(file).replace(/^src\//, '')
  const headings = ['code', 'message', 'what to do', 'HTTP', 'exit', 'blame', 'retry']
  return `## ${name}\n\n${markdownTable(headings, rows)}`
}

/** `docs/reference/errors.md`: every code of every module, from the tables themselves. */
export async function errorsPage(): Promise<string> {
  const files = repositoryFiles(/^src\/.*\/errors\.ts$/)
  const sections: string[] = []
  for (const file of files) sections.push(await tableText(file))
  return `${[
    GENERATED,
    '# Errors',
    'Every error has a code, a message, and a way out. `blame` says whose action is needed: `user-code` (the code in the project), `caller` (the input), `system` (the surroundings). `retry` says that the same call may succeed later.',
    ...sections,
  ].join('\n\n')}\n`
}
