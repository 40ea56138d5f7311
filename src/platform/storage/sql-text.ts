/** An SQL identifier in quotes, safe for any name: `a"b` → `"a""b"`. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** An SQL text literal, safe for any text: `it's` → `'it''s'`. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A query in parentheses; a closing semicolon and a comment on the last line do no harm. */
export function subquery(sql: string): string {
  return `(${sql.trim().replace(/;$/, '')}\n)`
}

/** One line of at most `limit` characters, for messages. */
export function shortenSql(sql: string, limit = 300): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim()
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`
}
