import { z } from 'zod'
import type { Tags, View } from '../../platform/tracking/index.ts'
import { mlflowErrors } from './errors.ts'
import { readInteger } from './numbers.ts'

/** A text that must be there and say something. */
export const name = z.string().min(1)
/** A text that may be absent or empty; absent is undefined, and so is empty. */
export const optionalName = z
  .string()
  .nullish()
  .transform((text) => (text === null || text === '' ? undefined : text))
/** A text that may be absent; empty means empty. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined)
/** A text that is empty when absent. */
export const text = z
  .string()
  .nullish()
  .transform((given) => given ?? '')

/** A 64-bit integer as number or text. */
export const integer = z.unknown().transform((raw, context) => {
  const value = readInteger(raw)
  if (value !== undefined) return value
  context.addIssue({ code: 'custom', message: 'a whole number', input: raw })
  return z.NEVER
})
export const optionalInteger = z
  .unknown()
  .optional()
  .transform((raw, context): number | undefined => {
    if (raw === undefined || raw === null) return undefined
    const value = readInteger(raw)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'a whole number', input: raw })
    return z.NEVER
  })

/** How many results at most: from 1 to `most`. */
export function maxResults(limits: { readonly usual: number; readonly most: number }) {
  return optionalInteger
    .transform((value) => value ?? limits.usual)
    .refine((value) => value >= 1 && value <= limits.most, {
      message: `a whole number from 1 to ${limits.most}`,
    })
}

const tag = z.object({ key: name, value: text })

/** `[{key, value}]`; the last of a key counts. */
export const tags = z
  .array(tag)
  .nullish()
  .transform((list): Tags => tagRecord(list ?? []))

export function tagRecord(list: readonly { key: string; value: string }[]): Tags {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]))
}

export const parameters = z
  .array(z.object({ key: name, value: text }))
  .nullish()
  .transform((list) => list ?? [])

export const names = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? [])

const VIEWS: Readonly<Record<string, View>> = {
  ACTIVE_ONLY: 'active',
  DELETED_ONLY: 'deleted',
  ALL: 'all',
  '1': 'active',
  '2': 'deleted',
  '3': 'all',
}

/** `ACTIVE_ONLY`, `DELETED_ONLY`, `ALL`, or their numbers. */
export const view = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((raw, context): View => {
    const key = String(raw ?? 'ACTIVE_ONLY')
    const known = Object.hasOwn(VIEWS, key) ? VIEWS[key] : undefined
    if (known !== undefined) return known
    context.addIssue({ code: 'custom', message: 'ACTIVE_ONLY, DELETED_ONLY or ALL', input: raw })
    return z.NEVER
  })

/** What a request holds, by a schema. @throws MLFLOW_FIELD_MISSING, MLFLOW_FIELD_INVALID */
export function bySchema<S extends z.ZodType>(schema: S): (raw: unknown) => z.output<S> {
  return (raw) => {
    const parsed = schema.safeParse(raw, { reportInput: true })
    if (parsed.success) return parsed.data
    throw fieldError(parsed.error.issues[0])
  }
}

function fieldError(issue: z.core.$ZodIssue | undefined) {
  const field = fieldPath(issue?.path ?? [])
  const got = issue?.input
  const isMissing = got === undefined || got === null || (got === '' && issue?.code === 'too_small')
  if (isMissing && field !== '') return mlflowErrors.MLFLOW_FIELD_MISSING({ field })
  const expected = expectation(issue)
  return mlflowErrors.MLFLOW_FIELD_INVALID({ field, expected, got: excerpt(got) })
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return `a value of type ${issue.expected}`
  if (issue?.code === 'invalid_union') return 'a text or a number'
  return issue?.message ?? 'something else'
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

const LONGEST_EXCERPT = 100

/** The value as a person may read it, cut short. */
export function excerpt(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : 'an object'
  const shown = JSON.stringify(value) ?? String(value)
  return shown.length > LONGEST_EXCERPT ? `${shown.slice(0, LONGEST_EXCERPT)}…` : shown
}
