/** Optimal-string-alignment distance: edits (insert, delete, replace, swap neighbours) from a to b. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + cost,
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

/** The known name nearest to a mistyped one, or undefined when none is near (at most a third off). */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(Math.max(name.length, 3) / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  const lowered = name.toLowerCase()
  for (const candidate of known) {
    // The distance is no less, and the name may be a caller's, of any length.
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(lowered, candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `Did you mean "x"?` for a hint, or an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  const best = closestName(name, known)
  return best === undefined ? '' : `Did you mean "${best}"?`
}
