import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { predictionLogErrors } from './errors.ts'
import { flushFile, flushFolder } from './flush-folder.ts'
import { ENTRY_KINDS } from './log-tables.ts'

const fileSchema = z.strictObject({
  /** In the folder `parquet`. */
  name: z.string(),
  kind: z.enum(ENTRY_KINDS),
  rows: z.number().int(),
  bytes: z.number().int(),
  /** Least and greatest `time` of its rows. */
  fromMs: z.number(),
  toMs: z.number(),
})
export type ParquetFile = z.output<typeof fileSchema>

const damageSchema = z.strictObject({
  journal: z.string(),
  offset: z.number().int(),
  bytes: z.number().int(),
})

const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** One more at every change. */
  generation: z.number().int(),
  files: z.array(fileSchema),
  /** Journals whose rows are in the files; they may still lie about. */
  absorbed: z.array(z.string()),
  /** Files that were merged into others: readers may still be in them until the next change. */
  retired: z.array(z.string()),
  /** What was skipped in journals, the newest last. */
  damaged: z.array(damageSchema),
})

/**
 * Which files hold the log's rows. It is replaced as a whole by renaming, and nothing but it says
 * where a row is: journals it calls absorbed, and Parquet files it does not name, do not exist.
 */
export type Manifest = Readonly<z.output<typeof manifestSchema>>

const NOTHING: Manifest = {
  schemaVersion: 1,
  generation: 0,
  files: [],
  absorbed: [],
  retired: [],
  damaged: [],
}

/** @throws MANIFEST_UNREADABLE */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'manifest.json')
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING
    const reason = error instanceof Error ? error.message : String(error)
    throw predictionLogErrors.MANIFEST_UNREADABLE({ path, reason }, error)
  }
}

/** The one moment at which rows move. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, 'manifest.json')
  const beside = `${path}.${randomBytes(6).toString('hex')}.partial`
  try {
    await writeFile(beside, `${JSON.stringify(manifest, null, 1)}\n`)
    await flushFile(beside)
    await rename(beside, path)
    await flushFolder(folder)
  } finally {
    await rm(beside, { force: true })
  }
}
