import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { sqliteError } from '../database/index.ts'
import { tryCompactionLock } from './compaction-lock.ts'
import { exposureLine, labelLine, mirrorLine, predictionLine } from './encode-entry.ts'
import { predictionLogErrors } from './errors.ts'
import { flushFolder } from './flush-folder.ts'
import { encodeFrame } from './journal-frame.ts'
import { journalPath, sealPath } from './journal-name.ts'
import { readManifest } from './manifest.ts'
import { oldRows } from './old-rows.ts'

const STEM = '0~database~~0~00000000'
const FRAME_CHARACTERS = 1_000_000
const MOST_LOOKS = 3_000
const LOOK_EVERY_MS = 100

/**
 * Moves the rows of a log that an older version kept in `<folder>.db` into one sealed journal, then
 * calls the file `<folder>.db.moved`. The journal's name is fixed, and it is there as a whole or not at
 * all: repeated after a crash, the rows are there once.
 */
export async function migrateDatabase(folder: string): Promise<void> {
  const path = `${folder}.db`
  for (let look = 0; existsSync(path); look++) {
    const release = tryCompactionLock(folder)
    if (release !== undefined) {
      try {
        if (existsSync(path)) await move(path, folder)
      } finally {
        release()
      }
    } else if (look >= MOST_LOOKS) throw predictionLogErrors.OLD_LOG_BUSY({ path })
    else await pause(LOOK_EVERY_MS)
  }
}

async function move(path: string, folder: string): Promise<void> {
  const { absorbed } = await readManifest(folder)
  const isThere = absorbed.includes(STEM) || existsSync(sealPath(folder, STEM))
  if (!isThere) await writeJournal(path, folder)
  await rename(path, `${path}.moved`)
  for (const end of ['-wal', '-shm']) await rm(`${path}${end}`, { force: true })
}

async function writeJournal(path: string, folder: string): Promise<void> {
  const beside = join(folder, 'database.partial')
  const database = openOld(path)
  const file = await open(beside, 'w')
  try {
    for (const lines of frames(database, path)) await file.appendFile(encodeFrame(lines))
    await file.sync()
  } finally {
    await file.close()
    database.close()
  }
  await rename(beside, journalPath(folder, STEM))
  await (await open(sealPath(folder, STEM), 'w')).close()
  await flushFolder(folder)
}

function openOld(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 10_000 })
    // What another process has not yet moved into the file must not be left beside it.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return database
  } catch (error) {
    throw sqliteError(error, path)
  }
}

function* frames(database: DatabaseSync, path: string): Generator<string> {
  let lines = ''
  let written = 0
  try {
    for (const row of oldRows(database)) {
      written++
      if (row.kind === 'prediction') lines += predictionLine(row.entry, written)
      else if (row.kind === 'exposure') lines += exposureLine(row.entry, written)
      else if (row.kind === 'label') lines += labelLine(row.entry, written)
      else lines += mirrorLine(row.entry, written)
      if (lines.length < FRAME_CHARACTERS) continue
      yield lines
      lines = ''
    }
  } catch (error) {
    throw sqliteError(error, path)
  }
  if (lines !== '') yield lines
}
