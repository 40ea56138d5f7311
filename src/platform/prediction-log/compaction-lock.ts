import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Lets one process at a time move rows of a log. It is SQLite's lock on an empty file: the operating
 * system frees it when its holder ends, however it ends, and needs no look at who the holder was.
 * @returns how to give it back; undefined when another one has it
 */
export function tryCompactionLock(folder: string): (() => void) | undefined {
  mkdirSync(folder, { recursive: true })
  const database = new DatabaseSync(join(folder, 'compaction.lock'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const isBusy = error instanceof Error && /locked|busy/i.test(error.message)
    if (isBusy) return undefined
    throw error
  }
  return () => database.close()
}
