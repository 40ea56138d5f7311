import { gatewayErrors } from '../errors.ts'

/** What tables of other tools write for a missing value. */
const MISSING = new Set(['', 'NaN', 'nan', 'NA', 'N/A', 'null', 'NULL', 'None'])

/** A field: in quotes, which are doubled inside, or up to the next comma or line's end. */
const FIELD = /"([^"]*(?:""[^"]*)*)"(?=,|\r?\n|$)|([^",\r\n]*)(?=,|\r?\n|$)/y
const LINE_END = /\r?\n/y

/**
 * The rows of a CSV text (RFC 4180) with its header first. Null is a missing value.
 * @throws BODY_INVALID
 */
export function parseCsv(text: string): readonly (readonly (string | null)[])[] {
  const rows: (string | null)[][] = [[]]
  let at = text.startsWith('\uFEFF') ? 1 : 0
  while (at < text.length) {
    FIELD.lastIndex = at
    const field = FIELD.exec(text)
    if (field === null) throw broken(rows.length)
    const [all, quoted, plain = ''] = field
    rows.at(-1)?.push(quoted === undefined ? cellOf(plain) : quoted.replaceAll('""', '"'))
    at += all.length
    if (text[at] === ',') {
      at++
      // A comma at the very end still opens an empty field.
      if (at === text.length) rows.at(-1)?.push(null)
      continue
    }
    LINE_END.lastIndex = at
    at += LINE_END.exec(text)?.[0].length ?? 0
    if (at < text.length) rows.push([])
  }
  return rows
}

function cellOf(plain: string): string | null {
  return MISSING.has(plain) ? null : plain
}

function broken(line: number) {
  return gatewayErrors.BODY_INVALID({
    where: `line ${line} of the CSV`,
    expected: 'fields between commas, in quotes that end',
    got: 'something else',
  })
}
