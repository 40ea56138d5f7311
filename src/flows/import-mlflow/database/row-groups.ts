type Row = Readonly<Record<string, unknown>>

/** Rows by the value of a column. */
export function grouped(rows: readonly Row[], column: string): (key: unknown) => readonly Row[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = String(row[column])
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return (key) => groups.get(String(key)) ?? []
}

/** `(?, ?, ?)` */
export function inList(values: readonly unknown[]): string {
  return `(${values.map(() => '?').join(', ')})`
}
