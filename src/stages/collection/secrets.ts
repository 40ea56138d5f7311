import { errors } from './errors.ts'

/** Environment variables by name, as far as the caller lets a source see them. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>

const PLACEHOLDER = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g

export interface ResolvedSecret {
  /** The text with every `${env:NAME}` filled in. */
  readonly text: string
  /** The values that were filled in; none may appear in an error, a log or a record. */
  readonly secrets: readonly string[]
}

/**
 * Fills in `${env:NAME}`.
 * @throws SOURCE_ENVIRONMENT_MISSING
 */
export function resolveSecret(
  template: string,
  environment: EnvironmentVariables,
  source: string,
): ResolvedSecret {
  const secrets: string[] = []
  const text = template.replace(PLACEHOLDER, (_, variable: string) => {
    const value = environment[variable]
    if (value === undefined || value === '') {
      throw errors.SOURCE_ENVIRONMENT_MISSING({ source, variable })
    }
    secrets.push(value)
    return value
  })
  return { text, secrets }
}

/** Password of an address, as written and as decoded; empty when it has none. */
export function addressSecrets(address: string): string[] {
  const userInfo = /^[a-z][a-z0-9+.-]*:\/\/([^/@]*)@/i.exec(address)?.[1]
  const password = userInfo?.slice(userInfo.indexOf(':') + 1)
  if (!userInfo?.includes(':') || !password) return []
  return [password, decode(password)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * The address to show: as written in the project file, so that `${env:NAME}` stays a placeholder,
 * without a password and without the values of its query.
 */
export function publicAddress(template: string): string {
  return template
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)([^/@]*)@/i, (_, scheme: string, userInfo: string) => {
      const user = userInfo.split(':')[0] ?? ''
      return `${scheme}${user}@`
    })
    .replace(/([?&][^=&#]+=)[^&#]*/g, '$1…')
}

/** Takes secrets out of a text that some other program wrote. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  return longestFirst.reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
}
