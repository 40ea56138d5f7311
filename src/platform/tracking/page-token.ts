import { createHash } from 'node:crypto'
import { z } from 'zod'
import { trackingErrors as errors } from './errors.ts'

/** The values of a page's last row, in the order that the pages are sorted by. */
export type Place = readonly (string | number | null)[]

const LONGEST = 20_000
const content = z.tuple([z.string(), z.array(z.union([z.string(), z.number(), z.null()])).max(100)])

/** Opaque: where a page ended, and a digest of the query that it belongs to. */
export function writePageToken(query: unknown, place: Place): string {
  return Buffer.from(JSON.stringify([digestOf(query), place])).toString('base64url')
}

/** @throws PAGE_TOKEN_INVALID for what is no token, or a token of another query */
export function readPageToken(query: unknown, token: string, places: number): Place {
  if (token.length > LONGEST) throw errors.PAGE_TOKEN_INVALID({ reason: 'it is too long' })
  const [digest, place] = parse(token)
  if (digest !== digestOf(query))
    throw errors.PAGE_TOKEN_INVALID({ reason: 'it belongs to another query' })
  if (place.length !== places || place.some((v) => typeof v === 'string' && v.includes('\0')))
    throw errors.PAGE_TOKEN_INVALID({ reason: 'it is damaged' })
  return place
}

function parse(token: string): readonly [string, Place] {
  try {
    return content.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')))
  } catch {
    throw errors.PAGE_TOKEN_INVALID({ reason: 'it is not one that was given out' })
  }
}

function digestOf(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16)
}
