import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { canonicalJson } from './canonical-json.ts'

/** SHA-256 in lower-case hex, 64 characters. */
export type Digest = string & { readonly __brand: 'Digest' }

export function digestOfBytes(bytes: Uint8Array | string): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest
}

/** Digest of a value's canonical JSON: equal for equal values, whatever the order of their keys. */
export function digestOfValue(value: unknown): Digest {
  return digestOfBytes(canonicalJson(value))
}

/** Digest of a file's bytes, streamed. */
export async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex') as Digest
}

/**
 * An id derived from content: the same inputs give the same id on every machine and after every
 * restart, so a repeated step cannot create a second record. 16 hex characters of a SHA-256.
 */
export function contentId(prefix: string, value: unknown): string {
  return `${prefix}_${digestOfValue(value).slice(0, 16)}`
}
