import { z } from 'zod'
import { columnSchema, durationSchema, shareSchema } from './common.ts'

/** Rules a row must keep. A row that breaks one goes to quarantine with the rule's name. */
const ROW_EXPECTATION = {
  /** Name in reports; made from kind and column when absent. */
  name: z.string().optional(),
}

export const COLUMN_TYPES = ['number', 'integer', 'string', 'boolean', 'timestamp', 'date'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export const expectationSchema = z.discriminatedUnion('expect', [
  z.strictObject({
    expect: z.literal('type'),
    column: columnSchema,
    type: z.enum(COLUMN_TYPES),
    ...ROW_EXPECTATION,
  }),
  z.strictObject({ expect: z.literal('not-null'), column: columnSchema, ...ROW_EXPECTATION }),
  z.strictObject({
    expect: z.literal('unique'),
    columns: z.array(columnSchema).min(1),
    ...ROW_EXPECTATION,
  }),
  z.strictObject({
    expect: z.literal('range'),
    column: columnSchema,
    min: z.number().optional(),
    max: z.number().optional(),
    ...ROW_EXPECTATION,
  }),
  z.strictObject({
    expect: z.literal('one-of'),
    column: columnSchema,
    values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
    ...ROW_EXPECTATION,
  }),
  /** RE2 pattern, matched against the whole text. */
  z.strictObject({
    expect: z.literal('pattern'),
    column: columnSchema,
    pattern: z.string(),
    ...ROW_EXPECTATION,
  }),
  /** Every value exists in another source's column. */
  z.strictObject({
    expect: z.literal('reference'),
    column: columnSchema,
    source: z.string(),
    sourceColumn: columnSchema,
    ...ROW_EXPECTATION,
  }),
  /** Judged over the whole table, not per row. */
  z.strictObject({
    expect: z.literal('row-count'),
    min: z.number().int().nonnegative().optional(),
    max: z.number().int().nonnegative().optional(),
    ...ROW_EXPECTATION,
  }),
  /** The newest value of a time column is at most this old at the data horizon. */
  z.strictObject({
    expect: z.literal('freshness'),
    column: columnSchema,
    maxAge: durationSchema,
    ...ROW_EXPECTATION,
  }),
])

const sourceCommon = {
  description: z.string().optional(),
  owner: z.string().optional(),
  licence: z.string().optional(),
  /** Columns that hold personal data: named in the model card, their values hidden from profiles. */
  personalData: z.array(columnSchema).default([]),
  /**
   * The column that says when a row became known. With it, a belt run as of a past day sees only
   * what was known by then.
   */
  knownAt: columnSchema.optional(),
  expectations: z.array(expectationSchema).default([]),
  /** Share of rows that may be quarantined before the belt stops. */
  tolerance: shareSchema.default(0),
}

/** Files by glob, relative to the project file. */
const fileSource = { path: z.union([z.string(), z.array(z.string()).min(1)]), ...sourceCommon }

/** `${env:NAME}` in a connection or a header is taken from the environment and never stored. */
const secretText = z.string().min(1)

export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('parquet'), ...fileSource }),
  z.strictObject({
    kind: z.literal('csv'),
    delimiter: z.string().length(1).default(','),
    header: z.boolean().default(true),
    nullText: z.string().default(''),
    /** Declared column types (DuckDB names); what is absent is detected over the whole file. */
    types: z.record(z.string(), z.string()).default({}),
    ...fileSource,
  }),
  z.strictObject({ kind: z.literal('json-lines'), ...fileSource }),
  z.strictObject({
    kind: z.literal('sql'),
    /** `sqlite:path/to/file.db` (relative to the project file) or `postgresql://…`. */
    connection: secretText,
    query: z.string().min(1),
    /** Declared column types (DuckDB names); what is absent is inferred from the values. */
    types: z.record(z.string(), z.string()).default({}),
    timeout: durationSchema.default('60s'),
    retries: z.number().int().min(0).max(10).default(3),
    ...sourceCommon,
  }),
  z.strictObject({
    kind: z.literal('http-json'),
    url: secretText,
    headers: z.record(z.string(), secretText).default({}),
    /** Dotted path of the array of rows in the answer; empty when the answer is the array. */
    items: z.string().default(''),
    paging: z
      .discriminatedUnion('by', [
        z.strictObject({ by: z.literal('none') }),
        /** `?page=1,2,3…` until a page is empty. */
        z.strictObject({
          by: z.literal('page'),
          parameter: z.string().default('page'),
          first: z.number().int().default(1),
          sizeParameter: z.string().optional(),
          size: z.number().int().positive().default(500),
        }),
        /** The answer names the next page: a token at `tokenPath`, sent back as `parameter`. */
        z.strictObject({ by: z.literal('token'), tokenPath: z.string(), parameter: z.string() }),
        /** The answer names the next address at `urlPath`; it must stay on the same origin. */
        z.strictObject({ by: z.literal('next-url'), urlPath: z.string() }),
      ])
      .default({ by: 'none' }),
    types: z.record(z.string(), z.string()).default({}),
    timeout: durationSchema.default('30s'),
    retries: z.number().int().min(0).max(10).default(3),
    maxPages: z.number().int().positive().default(10_000),
    ...sourceCommon,
  }),
])
