import type { JsonSchema } from '../../src/platform/project-file/index.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

interface Row {
  readonly path: string
  readonly type: string
  readonly presence: string
  readonly limits: string
}

function constantsOf(node: JsonSchema): string {
  const found = Object.entries(node.properties ?? {}).find(([, value]) => value.const !== undefined)
  return found === undefined ? 'object' : `${found[0]}: ${JSON.stringify(found[1].const)}`
}

function typeText(node: JsonSchema): string {
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' or ')
  const choices = node.oneOf ?? node.anyOf
  if (choices !== undefined) return [...new Set(choices.map(shortType))].join(' or ')
  if (node.items !== undefined) return `list of ${shortType(node.items)}`
  if (typeof node.additionalProperties === 'object') {
    return `object of ${shortType(node.additionalProperties)} by name`
  }
  return [node.type ?? 'anything'].flat().join(' or ')
}

function shortType(node: JsonSchema): string {
  return node.properties === undefined ? typeText(node) : constantsOf(node)
}

const LIMITS = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'more than'],
  ['maximum', 'at most'],
  ['minItems', 'items: at least'],
] as const

/** JSON Schema writes "any whole number" as the range of safe integers. */
function isRealLimit(value: unknown): boolean {
  return value !== undefined && Math.abs(Number(value)) < Number.MAX_SAFE_INTEGER
}

function limitsText(node: JsonSchema): string {
  return LIMITS.filter(([key]) => isRealLimit(node[key]))
    .map(([key, words]) => `${words} ${node[key]}`)
    .join(', ')
}

function presenceText(node: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'required'
  return node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
}

function fieldRows(node: JsonSchema, path: string): Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const place = path === '' ? name : `${path}.${name}`
    const row = {
      path: place,
      type: typeText(field),
      presence: presenceText(field, node.required?.includes(name) === true),
      limits: limitsText(field),
    }
    return [row, ...innerRows(field, place)]
  })
}

function innerRows(node: JsonSchema, path: string): Row[] {
  const choices = node.oneOf ?? node.anyOf
  if (choices !== undefined) {
    return choices.flatMap((choice) => {
      const isNamed = constantsOf(choice) !== 'object' && choice.properties !== undefined
      return innerRows(choice, isNamed ? `${path} (${constantsOf(choice)})` : path)
    })
  }
  if (node.items !== undefined) return innerRows(node.items, `${path}[]`)
  if (typeof node.additionalProperties === 'object') {
    return innerRows(node.additionalProperties, `${path}.<name>`)
  }
  return fieldRows(node, path)
}

function sectionText([name, node]: readonly [string, JsonSchema], isRequired: boolean): string {
  const rows = innerRows(node, name)
  const lead = `${typeText(node)}${isRequired ? ', required' : ''}`
  if (rows.length === 0) return `## ${name}\n\n${lead}`
  const table = markdownTable(
    ['field', 'type', 'default', 'limits'],
    rows.map((row) => [`\`${row.path}\``, row.type, row.presence, row.limits]),
  )
  return `## ${name}\n\n${lead}\n\n${table}`
}

/** `docs/reference/project-file.md`: every field of a project file, from its schema. */
export function projectFilePage(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map((entry) =>
    sectionText(entry, schema.required?.includes(entry[0]) === true),
  )
  return `${[
    GENERATED,
    '# Project file',
    '`esteira.config.ts` (or `.mts`, `.js`, `.mjs`, `.json`, `.yaml`, `.yml`) in the project folder. In TypeScript, `export default defineProject({ … })` gives completion; for JSON and YAML, name [project.schema.json](project.schema.json) in `$schema`. A field that is not listed here is an error.',
    ...sections,
  ].join('\n\n')}\n`
}
