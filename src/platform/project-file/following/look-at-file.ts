import { statSync } from 'node:fs'

/** Changes with a file: its time, size or identity, and whether it is there. */
export function lookAtFile(file: string): string {
  try {
    // A link that is swapped leads to another file, with an identity of its own.
    const facts = statSync(file, { throwIfNoEntry: false })
    if (facts === undefined) return 'not there'
    return `${facts.mtimeMs} ${facts.size} ${facts.ino}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
