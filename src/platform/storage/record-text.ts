import type { z } from 'zod'
import { canonicalJson } from '../../core/identity/index.ts'
import { RECORD_KINDS, type RecordKind, type RecordOf } from '../../core/records/index.ts'
import { storageErrors } from './errors.ts'

/** What a text belongs to, for messages. */
export interface RecordName {
  readonly kind: string
  readonly id: string
}

/** A record as canonical JSON, checked by its schema. @throws RECORD_INVALID */
export function recordText(schema: z.ZodType, record: unknown, name: RecordName): string {
  try {
    return canonicalJson(schema.parse(record))
  } catch (error) {
    throw storageErrors.RECORD_INVALID({ ...name, reason: reasonOf(error) }, error)
  }
}

/** A state as canonical JSON; any JSON will do. @throws RECORD_INVALID */
export function stateText(name: string, value: unknown): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    throw storageErrors.RECORD_INVALID({ kind: 'state', id: name, reason: reasonOf(error) }, error)
  }
}

/** What a stored text says, by its schema. @throws RECORD_UNREADABLE */
export function readText<T>(schema: z.ZodType<T>, json: string, name: RecordName): T {
  try {
    return schema.parse(JSON.parse(json))
  } catch (error) {
    throw storageErrors.RECORD_UNREADABLE({ ...name, reason: reasonOf(error) }, error)
  }
}

/** A stored record of a kind. @throws RECORD_UNREADABLE */
export function readRecord<K extends RecordKind>(kind: K, id: string, json: string): RecordOf<K> {
  const schema: z.ZodType = RECORD_KINDS[kind]
  return readText(schema, json, { kind, id }) as RecordOf<K>
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
