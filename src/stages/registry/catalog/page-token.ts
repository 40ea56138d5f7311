import { z } from 'zod'
import { digestOfValue } from '../../../core/identity/index.ts'
import { catalogErrors } from './errors.ts'

const tokenSchema = z.strictObject({
  /** Of the search that the token goes on with. */
  search: z.string(),
  /** Values of the last row in the order of the sort columns. */
  after: z.array(z.union([z.string(), z.number()])),
})
type Position = z.output<typeof tokenSchema>['after']

/** Opaque text that stands for "after this row of that search". */
export function writePageToken(search: unknown, after: Position): string {
  const token = { search: digestOfValue(search), after }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** @throws MODEL_SEARCH_INVALID when it is no token, or one of another search */
export function readPageToken(search: unknown, token: string): Position {
  const refuse = (reason: string) => catalogErrors.MODEL_SEARCH_INVALID({ reason })
  const parsed = tokenSchema.safeParse(parseJson(Buffer.from(token, 'base64url').toString()))
  if (!parsed.success) throw refuse('its page token cannot be read')
  if (parsed.data.search !== digestOfValue(search)) {
    throw refuse('its page token belongs to another search')
  }
  return parsed.data.after
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
