import { databaseErrors } from './errors.ts'

export type DatabaseAddress =
  | { readonly dialect: 'sqlite'; readonly path: string; readonly place: string }
  | { readonly dialect: 'postgres'; readonly url: string; readonly place: string }

const SCHEME = /^([a-z][a-z0-9+.-]*):/i

/**
 * Reads a database URL: `sqlite:///absolute/path`, `sqlite:relative/path`, a plain path, `:memory:`,
 * or `postgres[ql]://user:password@host:port/database?options`.
 * @throws DATABASE_URL_INVALID
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase()
  if (text === '') throw databaseErrors.DATABASE_URL_INVALID({ got: text, reason: 'it is empty' })
  if (scheme === undefined || text === ':memory:') {
    return { dialect: 'sqlite', path: text, place: text }
  }
  if (scheme === 'sqlite') return sqliteAddress(text)
  if (scheme === 'postgres' || scheme === 'postgresql') return postgresAddress(text)
  throw databaseErrors.DATABASE_URL_INVALID({
    got: redactDatabaseUrl(text),
    reason: `"${scheme}" is no database that is known here`,
  })
}

function sqliteAddress(text: string): DatabaseAddress {
  const rest = text.slice('sqlite:'.length)
  const path = decodeURIComponent(rest.startsWith('///') ? rest.slice(2) : rest)
  if (path === '' || path === '/' || path.startsWith('//')) {
    throw databaseErrors.DATABASE_URL_INVALID({ got: text, reason: 'it names no file' })
  }
  return { dialect: 'sqlite', path, place: path }
}

function postgresAddress(text: string): DatabaseAddress {
  if (!URL.canParse(text)) {
    throw databaseErrors.DATABASE_URL_INVALID({
      got: redactDatabaseUrl(text),
      reason: 'it is not a URL',
    })
  }
  return { dialect: 'postgres', url: text, place: redactDatabaseUrl(text) }
}

/** The same URL with its password hidden, wherever it stands. */
export function redactDatabaseUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*?):[^/?#]*@/i, '$1:***@')
    .replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1***')
}
