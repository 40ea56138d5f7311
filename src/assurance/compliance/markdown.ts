/** A value as the text of a table cell or a line: no markup of its own, no line break. */
export function plain(value: string | number | boolean): string {
  return String(value)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|]/g, (mark) => `\\${mark}`)
}

/** A name or digest, as code; back-ticks inside it are dropped. */
export function code(value: string | number): string {
  return `\`${String(value).replace(/[`\s]+/g, ' ')}\``
}

/** A table with a header; empty without rows. Cells are Markdown already. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A `|` inside code still ends a cell, unless escaped. */
function cellOf(markdown: string): string {
  return markdown.replace(/(?<!\\)\|/g, '\\|')
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

/** A titled section; nothing when there is nothing to say. */
export function section(title: string, ...parts: readonly string[]): string {
  const body = parts.filter((part) => part !== '').join('\n\n')
  return body === '' ? '' : `## ${title}\n\n${body}`
}

/** At most six significant digits, so that a figure can be read. */
export function figure(value: number): string {
  return Number(value.toPrecision(6)).toString()
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}
