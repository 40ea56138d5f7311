type Mask = Map<string, Mask | true>

/** Reads `id,name,tags.team` into a tree. */
function parseFields(fields: string): Mask {
  const mask: Mask = new Map()
  for (const path of fields.split(',')) {
    const parts = path.trim().split('.').filter(Boolean)
    let level = mask
    for (const [i, part] of parts.entries()) {
      const below = level.get(part)
      if (below === true) break
      if (i === parts.length - 1) {
        level.set(part, true)
        break
      }
      const next: Mask = below ?? new Map()
      level.set(part, next)
      level = next
    }
  }
  return mask
}

function pick(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, mask))
  if (typeof value !== 'object' || value === null) return value
  const picked: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const below = mask.get(key)
    if (below === true) picked[key] = member
    else if (below !== undefined) picked[key] = pick(member, below)
  }
  return picked
}

/**
 * Keeps the named members only. Of a page the mask is about its items; of anything else about the
 * thing itself. Names that are not there are no fault: a mask may be older than the server.
 */
export function selectFields(answer: unknown, fields: string | undefined): unknown {
  if (fields === undefined) return answer
  const mask = parseFields(fields)
  const isPage =
    typeof answer === 'object' &&
    answer !== null &&
    'items' in answer &&
    Array.isArray(answer.items)
  return isPage ? { ...answer, items: pick(answer.items, mask) } : pick(answer, mask)
}
