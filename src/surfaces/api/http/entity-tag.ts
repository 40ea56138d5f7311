import type { FastifyRequest } from 'fastify'
import { canonicalJson, digestOfBytes } from '../../../core/identity/index.ts'
import { apiErrors } from '../errors.ts'

/** A strong validator: it changes whenever any member of the representation does. */
export function entityTag(representation: unknown): string {
  return `"${digestOfBytes(canonicalJson(plain(representation))).slice(0, 32)}"`
}

/** Members that are undefined are not sent, so they do not count. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/**
 * @throws PRECONDITION_FAILED when `If-Match` names other representations than the current one
 */
export function requireMatch(ifMatch: string | undefined, current: string): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  if (!tags.includes(current)) {
    throw apiErrors.PRECONDITION_FAILED({ expected: ifMatch.slice(0, 200), current })
  }
}

/** `requireMatch` for a call, against what the thing is now. */
export function requireTag(
  { request }: { readonly request: FastifyRequest },
  representation: unknown,
): void {
  requireMatch(request.headers['if-match'], entityTag(representation))
}
