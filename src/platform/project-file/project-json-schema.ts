import { z } from 'zod'
import { projectSchema } from '../../core/records/index.ts'

/** The parts of JSON Schema (draft 2020-12) that the project's schema is made of. */
export interface JsonSchema {
  readonly $schema?: string
  readonly title?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minItems?: number
  readonly pattern?: string
}

/** The JSON Schema of a project file as written: what has a default may be left out. */
export function projectJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(projectSchema, { io: 'input', target: 'draft-2020-12' })
  return { ...(schema as JsonSchema), title: 'Esteira project' }
}
