import { closeSync, openSync, readSync } from 'node:fs'
import { errors } from './errors.ts'

const LONGEST_HEADER_BYTES = 1 << 20

export interface CsvHeaderOptions {
  /** Name of the source, for errors. */
  readonly name: string
  readonly file: string
  readonly delimiter: string
  /** False: the first line is data and the columns are called `column0`, `column1` … */
  readonly header: boolean
}

/**
 * Column names of a CSV file, from its first line alone.
 * @throws SOURCE_UNREADABLE when the file is empty, or two columns have one name.
 */
export function readCsvHeader(options: CsvHeaderOptions): string[] {
  const fields = firstRecord(readStart(options.file), options.delimiter)
  const unreadable = (reason: string) =>
    errors.SOURCE_UNREADABLE({ source: options.name, file: options.file, reason })
  if (fields === undefined) throw unreadable('line 1 is no complete CSV line')
  if (fields.length === 1 && fields[0] === '') throw unreadable('the file is empty')
  if (!options.header) return fields.map((_, index) => `column${index}`)
  const seen = new Set<string>()
  for (const [index, field] of fields.entries()) {
    if (field === '') throw unreadable(`line 1: column ${index + 1} has no name`)
    if (seen.has(field.toLowerCase())) throw unreadable(`line 1 names column "${field}" twice`)
    seen.add(field.toLowerCase())
  }
  return fields
}

function readStart(file: string): string {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(LONGEST_HEADER_BYTES)
    const bytes = readSync(descriptor, buffer, 0, buffer.length, 0)
    return buffer.toString('utf8', 0, bytes).replace(/^\uFEFF/, '')
  } finally {
    closeSync(descriptor)
  }
}

/** Fields of the first record, quotes taken off; undefined when a quote stays open. */
function firstRecord(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"' && quoted && text.charAt(at + 1) === '"') {
      field += text.charAt(at++)
    } else if (character === '"') {
      quoted = !quoted
    } else if (!quoted && (character === '\n' || character === '\r')) {
      break
    } else if (!quoted && character === delimiter) {
      fields.push(field)
      field = ''
    } else {
      field += character
    }
  }
  return quoted ? undefined : [...fields, field]
}
