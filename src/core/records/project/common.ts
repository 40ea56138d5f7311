import { z } from 'zod'
import { DURATION_PATTERN } from '../../time/index.ts'

/** A name in a project: lower-case words joined by `-` or `_`, at most 64 characters. */
export const nameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,63}$/,
    'a name: lower-case letters, digits, "-" or "_", starting with a letter',
  )

/** A column's name, as SQL gives it. */
export const columnSchema = z.string().min(1).max(128)

/** A number computed from columns; `core/expressions` reads it. */
export const expressionSchema = z.string().min(1).max(1_000)

export const durationSchema = z.union([
  z.number().nonnegative(),
  z.string().regex(DURATION_PATTERN, 'a duration such as "90s", "15m", "2h", "7d"'),
])

/** An instant: ISO 8601 date, or date and time. Without a zone it is read as UTC. */
export const instantSchema = z
  .string()
  .refine((text) => /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text)), {
    message: 'an ISO 8601 date or time such as "2013-07-01" or "2013-07-01T06:00:00Z"',
  })

/** Milliseconds of an instant; a text without a zone is read as UTC. */
export function instantMs(text: string): number {
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T')
  return Date.parse(zoned ? text : `${text}Z`)
}

/** A share between 0 and 1. */
export const shareSchema = z.number().min(0).max(1)
