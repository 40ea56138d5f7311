import { z } from 'zod'

/** Items of a page at most. */
export const MAX_PAGE = 1_000

export const nameSchema = z.string().min(1).max(250)
export const timeMsSchema = z.number().int().describe('Milliseconds since 1970-01-01T00:00:00Z')
export const tagsSchema = z
  .record(z.string().min(1).max(250), z.string().max(8_000))
  .describe('Free key and value texts')
export const environmentSchema = z.enum(['development', 'staging', 'production'])

/** Query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100).describe('Items at most'),
  pageToken: z
    .string()
    .max(4_096)
    .optional()
    .describe('`nextPageToken` of the page before, unchanged'),
  fields: z
    .string()
    .max(1_000)
    .optional()
    .describe('Only these members of each item, such as `id,name,tags.team`'),
}

/** Query of everything that answers one thing. */
export const fieldsQuery = z.object({ fields: pageQuery.fields })

/** Query of a list that MLflow's filter grammar narrows. */
export const searchQuery = z.object({
  ...pageQuery,
  filter: z
    .string()
    .max(8_192)
    .optional()
    .describe("MLflow's filter grammar, such as `metrics.rmse < 1 and tags.team = 'a'`"),
  orderBy: z
    .string()
    .max(1_000)
    .optional()
    .describe('Comma-separated, such as `metrics.rmse ASC, attributes.start_time DESC`'),
})

/** A page of items. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextPageToken: z.string().optional().describe('Absent after the last page'),
  })
}

/** A small list in one piece. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) })
}
