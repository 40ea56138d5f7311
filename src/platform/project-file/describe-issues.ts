import type { z } from 'zod'
import { closestName } from '../../core/errors/index.ts'
import {
  type Locate,
  type ProjectIssue,
  type ProjectPath,
  projectIssue,
  valueText,
} from './issue.ts'
import { knownFields } from './known-fields.ts'
import type { JsonSchema } from './project-json-schema.ts'

type ZodIssue = z.core.$ZodIssue

export interface DescriptionContext {
  readonly schema: JsonSchema
  /** The project as written. */
  readonly value: unknown
  readonly locate: Locate
}

function valueAt(value: unknown, path: ProjectPath): unknown {
  let current = value
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined
    current = Reflect.get(current, part)
  }
  return current
}

function listText(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ')
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
}

const SIZE_WORDS: Readonly<Record<string, string>> = {
  array: ' items',
  string: ' characters',
}

function expectedText(issue: ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected
    case 'invalid_value':
      return issue.values.length === 1 ? listText(issue.values) : `one of ${listText(issue.values)}`
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${SIZE_WORDS[issue.origin] ?? ''}`
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${SIZE_WORDS[issue.origin] ?? ''}`
    default:
      return issue.message
  }
}

/** How far a branch of a choice is from what was written: unknown fields weigh most. */
function distance(branch: readonly ZodIssue[]): number {
  const atRoot = branch.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type')
  const unknown = branch.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
  return (atRoot ? 10_000 : 0) + unknown.length * 100 + branch.length
}

/** A choice between shapes: the errors of the shape that was most likely meant. */
function describeUnion(
  issue: Extract<ZodIssue, { code: 'invalid_union' }>,
  path: ProjectPath,
  context: DescriptionContext,
): ProjectIssue[] {
  const options: unknown = Reflect.get(issue, 'options')
  if (Array.isArray(options)) {
    const got = valueAt(context.value, path)
    const names = options.map(String)
    const facts = {
      path,
      expected: `one of ${listText(options)}`,
      got: valueText(got),
      didYouMean: typeof got === 'string' ? closestName(got, names) : undefined,
    }
    return [projectIssue(facts, context.locate)]
  }
  const scalars = issue.errors.every((branch) =>
    branch.every((inner) => inner.path.length === 0 && inner.code !== 'unrecognized_keys'),
  )
  if (scalars) {
    const expected = [...new Set(issue.errors.flat().map(expectedText))].join(', or ')
    const got = valueText(valueAt(context.value, path))
    return [projectIssue({ path, expected, got }, context.locate)]
  }
  const [nearest = []] = issue.errors.toSorted((a, b) => distance(a) - distance(b))
  return nearest.flatMap((inner) => describe(inner, path, context))
}

function describeUnknown(
  keys: readonly string[],
  path: ProjectPath,
  context: DescriptionContext,
): ProjectIssue[] {
  const known = knownFields(context.schema, path, context.value)
  const present = valueAt(context.value, path)
  const free = known.filter((name) => !(typeof present === 'object' && present && name in present))
  return keys.map((key) =>
    projectIssue(
      {
        path: [...path, key],
        expected: `one of the fields ${known.join(', ')}`,
        got: `the unknown field "${key}"`,
        didYouMean: closestName(key, free) ?? closestName(key, known),
      },
      context.locate,
    ),
  )
}

function describe(
  issue: ZodIssue,
  parent: ProjectPath,
  context: DescriptionContext,
): ProjectIssue[] {
  const path = [...parent, ...(issue.path as ProjectPath)]
  if (issue.code === 'unrecognized_keys') return describeUnknown(issue.keys, path, context)
  if (issue.code === 'invalid_union') return describeUnion(issue, path, context)
  const got = issue.code === 'invalid_key' ? path.at(-1) : valueAt(context.value, path)
  const expected =
    issue.code === 'invalid_key' ? issue.issues.map(expectedText).join(', ') : expectedText(issue)
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : []
  const didYouMean = typeof got === 'string' ? closestName(got, choices) : undefined
  return [projectIssue({ path, expected, got: valueText(got), didYouMean }, context.locate)]
}

/** Turns the validator's findings into issues a person can act on. */
export function describeIssues(
  found: readonly ZodIssue[],
  context: DescriptionContext,
): ProjectIssue[] {
  return found.flatMap((issue) => describe(issue, [], context))
}
