import { type ErrorDefinition, type ErrorTable, EXIT_CODES } from '../../src/core/errors/index.ts'
import { ERROR_TABLES } from './error-tables.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

type Definition = ErrorDefinition<Readonly<Record<string, unknown>>>

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

function tableText(module: string, table: ErrorTable): string {
  const rows = Object.entries(table.definitions)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, definition]) => definitionRow([code, definition as unknown as Definition]))
  const headings = ['code', 'message', 'what to do', 'HTTP', 'exit', 'blame', 'retry']
  return `## ${module}\n\n${markdownTable(headings, rows)}`
}

/** `docs/reference/errors.md`: every code of every module, from the tables themselves. */
export function errorsPage(): string {
  const sections = Object.entries(ERROR_TABLES).map(([module, { table }]) =>
    tableText(module, table),
  )
  return `${[
    GENERATED,
    '# Errors',
    'Every error has a code, a message, and a way out. `blame` says whose action is needed: `user-code` (the code in the project), `caller` (the input), `system` (the surroundings). `retry` says that the same call may succeed later.',
    ...sections,
  ].join('\n\n')}\n`
}
