const GAP = '  '

/** Aligned columns under a heading; columns of numbers (by their first row) go to the right. */
export function tableText(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const isNumeric = headings.map((_, column) => /^[-+]?[\d.,]+$/.test(rows[0]?.[column] ?? ''))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return isNumeric[column] === true ? cell.padStart(width) : cell.padEnd(width)
      })
      .join(GAP)
      .trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}

/** `name  value` lines, values aligned. */
export function factsText(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length))
  return facts.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}`).join('\n')
}
