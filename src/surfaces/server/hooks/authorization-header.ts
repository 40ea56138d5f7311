import { serverErrors } from '../errors.ts'

export type Authorization =
  | { readonly scheme: 'basic'; readonly name: string; readonly password: string }
  | { readonly scheme: 'bearer'; readonly token: string }

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const LONGEST = 4_096
const CONTROL = /\p{Cc}/u

/**
 * Reads the Authorization header from a request's raw headers, which still show a repeated one.
 * @returns undefined when there is none
 * @throws AUTHORIZATION_INVALID
 */
export function parseAuthorization(rawHeaders: readonly string[]): Authorization | undefined {
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  )
  const [value] = values
  if (value === undefined) return undefined
  if (values.length > 1) throw invalid('it is sent twice')
  if (value.length > LONGEST) throw invalid(`it is longer than ${LONGEST} characters`)
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(value) ?? []
  if (scheme.toLowerCase() === 'basic') return basic(credentials)
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', token: credentials }
  throw invalid('it is neither Basic nor Bearer with credentials')
}

function basic(credentials: string): Authorization {
  if (!BASE64.test(credentials)) throw invalid('its credentials are not base64')
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) throw invalid('it has no colon between name and password')
  if (CONTROL.test(text) || text.includes('\uFFFD')) {
    throw invalid('its name or password has characters that are no text')
  }
  return { scheme: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) }
}

function invalid(reason: string) {
  return serverErrors.AUTHORIZATION_INVALID({ reason })
}
