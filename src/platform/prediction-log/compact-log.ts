import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openTableEngine, quoteLiteral, type TableEngine } from '../storage/index.ts'
import { tryCompactionLock } from './compaction-lock.ts'
import { flushFile, flushFolder } from './flush-folder.ts'
import { type JournalName, journalPath, listJournals, sealPath } from './journal-name.ts'
import { ENTRY_KINDS, type EntryKind, kindSql, linesSql } from './log-tables.ts'
import { type Manifest, type ParquetFile, readManifest, writeManifest } from './manifest.ts'
import { planMerge } from './plan-compaction.ts'
import { scanJournal } from './scan-journal.ts'

/** Journals taken together at most, so that memory stays bounded; as JSON lines they are thrice as long. */
const ROUND_BYTES = 16 * 1_048_576
/** Of the list of what was skipped. */
const KEPT_DAMAGES = 1_000

export interface CompactedLog {
  readonly journals: number
  readonly merges: number
}

interface Place {
  readonly folder: string
  readonly parquet: string
  readonly temporary: string
  readonly engine: TableEngine
}

/**
 * Turns the journals that nobody writes any more into Parquet files sorted by time, and merges small
 * files. The new files are on the disk before the manifest names them, and journals go after it calls
 * them absorbed: wherever this is killed, each row is in one place, and the next run clears up.
 *
 * @returns undefined when another process is at it
 * @throws STORAGE_FULL, MANIFEST_UNREADABLE, SQL_FAILED; nothing is lost then
 */
export async function compactLog(
  folder: string,
  now: () => number = Date.now,
): Promise<CompactedLog | undefined> {
  const release = tryCompactionLock(folder)
  if (release === undefined) return undefined
  try {
    const parquet = join(folder, 'parquet')
    const temporary = join(folder, 'tmp')
    await rm(temporary, { recursive: true, force: true })
    for (const made of [parquet, temporary]) await mkdir(made, { recursive: true })
    await clearUp(folder, parquet)
    // One thread: it shall not be in the way of those who answer.
    const options = { temporaryFolder: temporary, threads: 1, memoryLimitMb: 256 }
    const engine = await openTableEngine(options)
    const place = { folder, parquet, temporary, engine }
    try {
      return await compactAll(place, now)
    } finally {
      await engine.close()
    }
  } finally {
    release()
  }
}

async function compactAll(place: Place, now: () => number): Promise<CompactedLog> {
  let journals = 0
  let merges = 0
  const due = await takeFinished(place.folder, now())
  let next = stageRound(place, due)
  for (let staged = await next; staged !== undefined; staged = await next) {
    // While DuckDB has one round, the next is put into lines: each takes about as long.
    next = stageRound(place, due)
    const [absorbed] = await Promise.allSettled([absorb(place, staged), next])
    if (absorbed.status === 'rejected') throw absorbed.reason
    journals += staged.journals.length
  }
  const retired: string[] = []
  for (;;) {
    const manifest = await readManifest(place.folder)
    const together = planMerge(manifest.files)
    if (together === undefined) break
    retired.push(...together.map(({ name }) => name))
    await merge(place, manifest, { together, retired })
    merges++
  }
  return { journals, merges }
}

/** Removes what a former run moved and did not come to remove. */
async function clearUp(folder: string, parquet: string): Promise<void> {
  const manifest = await readManifest(folder)
  await removeAbsorbed(folder, manifest)
  const named = new Set(manifest.files.map(({ name }) => name))
  for (const name of await readdir(parquet)) {
    if (!named.has(name)) await rm(join(parquet, name), { force: true })
  }
}

async function removeAbsorbed(folder: string, { absorbed, damaged }: Manifest): Promise<void> {
  const kept = new Set(damaged.map(({ journal }) => journal))
  for (const stem of absorbed) {
    const path = journalPath(folder, stem)
    if (kept.has(stem)) await setAside(folder, path, stem)
    await rm(path, { force: true })
    await rm(sealPath(folder, stem), { force: true })
  }
}

async function setAside(folder: string, path: string, stem: string): Promise<void> {
  await mkdir(join(folder, 'damaged'), { recursive: true })
  await rename(path, join(folder, 'damaged', `${stem}.journal`)).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
}

interface FinishedJournal extends JournalName {
  readonly bytes: number
}

async function takeFinished(folder: string, nowMs: number): Promise<FinishedJournal[]> {
  const { absorbed } = await readManifest(folder)
  const done = new Set(absorbed)
  const finished = (await listJournals(folder, nowMs))
    .filter(({ state, stem }) => state !== 'open' && !done.has(stem))
    .toSorted((a, b) => a.createdMs - b.createdMs)
  return Promise.all(
    finished.map(async (journal) => {
      const { size } = await stat(journalPath(folder, journal.stem))
      return { ...journal, bytes: size }
    }),
  )
}

function takeRound(due: FinishedJournal[]): FinishedJournal[] {
  let bytes = 0
  let count = 0
  for (const journal of due) {
    if (count > 0 && bytes + journal.bytes > ROUND_BYTES) break
    bytes += journal.bytes
    count++
  }
  return due.splice(0, count)
}

interface StagedRound {
  readonly journals: readonly FinishedJournal[]
  /** Of the file with their JSON lines. */
  readonly path: string
  readonly damaged: Manifest['damaged']
}

/** Takes the next round of what is due; undefined when nothing is. */
async function stageRound(
  { folder, temporary }: Place,
  due: FinishedJournal[],
): Promise<StagedRound | undefined> {
  if (due.length === 0) return undefined
  const journals = takeRound(due)
  const path = join(temporary, `${randomBytes(6).toString('hex')}.ndjson`)
  return { journals, path, damaged: await stage(folder, path, journals) }
}

async function absorb(place: Place, staged: StagedRound): Promise<void> {
  const { folder, engine } = place
  const { journals, path, damaged } = staged
  await engine.execute(`CREATE OR REPLACE TABLE lines AS ${linesSql(quoteLiteral(path))}`)
  await rm(path)
  const files: ParquetFile[] = []
  for (const kind of ENTRY_KINDS) {
    const written = await writeFileOf(place, kind, kindSql(kind, 'lines'))
    if (written !== undefined) files.push(written)
  }
  await flushFolder(place.parquet)
  await engine.execute('DROP TABLE lines')
  const before = await readManifest(folder)
  const manifest = {
    ...before,
    generation: before.generation + 1,
    files: [...before.files, ...files],
    absorbed: [...(await stillThere(folder, before.absorbed)), ...journals.map(({ stem }) => stem)],
    damaged: [...before.damaged, ...damaged].slice(-KEPT_DAMAGES),
  }
  await writeManifest(folder, manifest)
  await removeAbsorbed(folder, manifest)
}

/** Puts the lines that fit their checksums into one file. */
async function stage(
  folder: string,
  path: string,
  journals: readonly FinishedJournal[],
): Promise<Manifest['damaged']> {
  const damaged: Manifest['damaged'] = []
  const file = await open(path, 'w')
  try {
    for (const { stem, state } of journals) {
      const found = await scanJournal(journalPath(folder, stem), { offset: 0, state })
      await file.appendFile(Buffer.concat(found.lines))
      damaged.push(...found.damaged.map((span) => ({ journal: stem, ...span })))
    }
  } finally {
    await file.close()
  }
  return damaged
}

async function stillThere(folder: string, stems: readonly string[]): Promise<string[]> {
  const files = new Set(await readdir(folder))
  return stems.filter((stem) => files.has(`${stem}.journal`))
}

async function merge(
  place: Place,
  before: Manifest,
  { together, retired }: { readonly together: readonly ParquetFile[]; readonly retired: string[] },
): Promise<void> {
  const kind = together[0]?.kind ?? 'predictions'
  const paths = together.map(({ name }) => quoteLiteral(join(place.parquet, name)))
  const rows = `SELECT * FROM read_parquet([${paths.join(', ')}])`
  const merged = await writeFileOf(place, kind, rows)
  await flushFolder(place.parquet)
  const kept = before.files.filter((file) => !together.includes(file))
  await writeManifest(place.folder, {
    ...before,
    generation: before.generation + 1,
    files: merged === undefined ? kept : [...kept, merged],
    retired: [...retired],
  })
}

async function writeFileOf(
  { engine, parquet }: Place,
  kind: EntryKind,
  rows: string,
): Promise<ParquetFile | undefined> {
  const name = `${kind}-${Date.now()}-${randomBytes(6).toString('hex')}.parquet`
  const path = join(parquet, name)
  const written = await engine.writeParquet(`SELECT * FROM (${rows}) ORDER BY time, written`, path)
  if (written === 0) {
    await rm(path)
    return undefined
  }
  await flushFile(path)
  const [span] = await engine.query<{ readonly fromMs: number; readonly toMs: number }>(
    `SELECT epoch_us(min(time)) / 1000 AS "fromMs", epoch_us(max(time)) / 1000 AS "toMs" FROM read_parquet(${quoteLiteral(path)})`,
  )
  const { size } = await stat(path)
  return { name, kind, rows: written, bytes: size, fromMs: 0, toMs: 0, ...span }
}
