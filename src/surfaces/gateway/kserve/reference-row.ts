import type { Reference } from '../../../core/records/index.ts'
import type { Cell } from '../decode-column.ts'

type ReferenceInput = Reference['inputs'][number]

/**
 * The most ordinary value of an input in training: the median's bin for a number, the commonest
 * category for a text. Null when most rows had none, or nothing is known.
 *
 * Notation. e: inner edges of the bins; s: share of each bin among all rows; a bin's value is the
 * middle of its edges, for the two outer bins the edge they have.
 */
export function ordinaryValue(input: ReferenceInput): Cell {
  if (input.missingShare > 0.5) return null
  return input.kind === 'number' ? medianOf(input) : modeOf(input)
}

function medianOf({ edges, shares }: Extract<ReferenceInput, { kind: 'number' }>): Cell {
  const total = shares.reduce((sum, share) => sum + share, 0)
  let below = 0
  const bin = shares.findIndex((share) => {
    below += share
    return below >= total / 2
  })
  const low = edges[bin - 1]
  const high = edges[bin]
  if (low === undefined) return high ?? null
  return high === undefined ? low : (low + high) / 2
}

function modeOf({ categories, shares }: Extract<ReferenceInput, { kind: 'text' }>): Cell {
  return categories[shares.indexOf(Math.max(...shares))] ?? null
}
