/**
 * Where a request holds the character NUL, which no text has and PostgreSQL cannot keep.
 * @returns the place, such as `body.tags.team`; undefined when there is none
 */
export function findNul(value: unknown, place: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? place : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    if (key.includes('\0')) return place
    const found = findNul(member, `${place}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
