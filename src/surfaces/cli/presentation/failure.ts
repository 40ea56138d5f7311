import type { PlatformError } from '../../../core/errors/index.ts'
import type { Colours } from './colours.ts'

/** An error for people: what failed and why, what to do, and the code to look up. */
export function failureText(error: PlatformError, colours: Colours): string {
  const cause = error.cause instanceof Error ? error.cause.message : ''
  const [reason = ''] = cause.split('\n')
  const isNew = reason !== '' && !error.message.includes(reason)
  return [
    `${colours.red('error')}  ${error.message}`,
    ...(isNew ? [`${colours.dim('why')}    ${reason}`] : []),
    `${colours.dim('do')}     ${error.hint}`,
    `${colours.dim('code')}   ${error.code}`,
    '',
  ].join('\n')
}

/** An error for programs: one line of JSON. */
export function failureJson(error: PlatformError): string {
  return `${JSON.stringify({ error: error.toJSON() })}\n`
}
