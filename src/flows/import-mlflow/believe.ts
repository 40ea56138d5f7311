import { z } from 'zod'
import { importErrors } from './errors.ts'

/** What the source gave, as its schema has it. @throws IMPORT_ANSWER_INVALID */
export function believe<T extends z.ZodType>(
  schema: T,
  given: unknown,
  { place, what }: { readonly place: string; readonly what: string },
): z.infer<T> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const reason = z.prettifyError(parsed.error).slice(0, 500)
  throw importErrors.IMPORT_ANSWER_INVALID({ place, what: what.slice(0, 200), reason })
}
