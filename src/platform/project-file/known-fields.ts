import type { ProjectPath } from './issue.ts'
import type { JsonSchema } from './project-json-schema.ts'

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a choice's fixed fields (`kind`, `by`, …) agree with what was written. */
function agrees(branch: JsonSchema, value: unknown): boolean {
  if (!isRecord(value)) return true
  return Object.entries(branch.properties ?? {}).every(
    ([key, property]) => property.const === undefined || property.const === value[key],
  )
}

function branches(node: JsonSchema, value: unknown): JsonSchema[] {
  const choices = node.oneOf ?? node.anyOf
  if (choices === undefined) return [node]
  return choices
    .filter((choice) => agrees(choice, value))
    .flatMap((choice) => branches(choice, value))
}

function child(node: JsonSchema, part: string | number): JsonSchema | undefined {
  if (typeof part === 'number') return node.items
  const property = node.properties?.[part]
  if (property !== undefined) return property
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
}

/** Names of the fields that may stand at a path, given what was written on the way there. */
export function knownFields(schema: JsonSchema, path: ProjectPath, written: unknown): string[] {
  let nodes = branches(schema, written)
  let value = written
  for (const part of path) {
    value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, part) : undefined
    nodes = nodes
      .map((node) => child(node, part))
      .filter((node) => node !== undefined)
      .flatMap((node) => branches(node, value))
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}
