import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { currentProcess, mayBeAlive, processOfTag, processTag } from '../storage/index.ts'

/** No writer goes on with a journal that is older. */
export const MAX_JOURNAL_AGE_MS = 15 * 60_000
/** Whether a process of another machine lives cannot be asked: its journals count as left by then. */
const LEFT_AFTER_MS = 4 * MAX_JOURNAL_AGE_MS
const JOURNAL = '.journal'
const SEAL = '.sealed'

/** A journal: `<stem>.journal`, with an empty `<stem>.sealed` beside it once it is ended. */
export interface JournalName {
  readonly stem: string
  readonly createdMs: number
  /** `open`: is written; `left`: its writer ended without sealing it. */
  readonly state: 'open' | 'left' | 'sealed'
}

export function newStem(nowMs: number): string {
  return `${processTag(currentProcess())}~${nowMs}~${randomBytes(4).toString('hex')}`
}

export function journalPath(folder: string, stem: string): string {
  return join(folder, stem + JOURNAL)
}

/**
 * The mark that nothing will be added. A mark, and no other name for the journal: a listing during a
 * renaming may show neither name.
 */
export function sealPath(folder: string, stem: string): string {
  return join(folder, stem + SEAL)
}

/** The journals of a folder; none when there is no folder yet. */
export async function listJournals(folder: string, nowMs: number): Promise<JournalName[]> {
  const files = new Set(await readdir(folder).catch(noneWhenMissing))
  return [...files]
    .filter((file) => file.endsWith(JOURNAL))
    .map((file) => file.slice(0, -JOURNAL.length))
    .map((stem) => ({
      stem,
      createdMs: createdMs(stem),
      state: files.has(stem + SEAL) ? 'sealed' : stateOf(stem, nowMs),
    }))
}

function noneWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

function stateOf(stem: string, nowMs: number): 'open' | 'left' {
  const writer = processOfTag(stem)
  if (writer === undefined) return 'open'
  if (!mayBeAlive(writer)) return 'left'
  const isForeign = writer.host !== currentProcess().host
  return isForeign && nowMs - createdMs(stem) > LEFT_AFTER_MS ? 'left' : 'open'
}

function createdMs(stem: string): number {
  return Number(stem.split('~').at(-2))
}
