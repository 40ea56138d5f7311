import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestOfBytes, digestOfFile } from '../../core/identity/index.ts'
import type { ArtifactRef } from '../../core/records/index.ts'
import { databaseErrors } from '../database/index.ts'
import type { ArtifactStore } from './artifact-store.ts'
import { storageErrors } from './errors.ts'
import { currentProcess, mayBeAlive, processOfTag, processTag } from './process-identity.ts'

const DIGEST_TEXT = /^[0-9a-f]{64}$/

/**
 * Opens (and makes) a folder of content-addressed files:
 *
 * - `sha256/ab/<digest>`: read-only files, named by their content;
 * - `tmp/`: one folder a process; those of processes that ended are removed here.
 *
 * @throws STORAGE_FULL, ARTIFACT_UNREADABLE
 */
export function openArtifactStore(folder: string): ArtifactStore {
  try {
    mkdirSync(join(folder, 'sha256'), { recursive: true })
    mkdirSync(join(folder, 'tmp'), { recursive: true })
    removeFoldersOfEndedProcesses(join(folder, 'tmp'))
  } catch (error) {
    throw fileError(error, folder)
  }
  return new FileArtifactStore(folder)
}

class FileArtifactStore implements ArtifactStore {
  readonly #folder: string
  #work: string | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  putFile(path: string, options: { name: string; move?: boolean }): Promise<ArtifactRef> {
    return this.#keep(path, options.name, async (beside) => {
      if (options.move !== true) return copyFile(path, beside)
      await moveFile(path, beside)
    })
  }

  putBytes(bytes: Uint8Array | string, options: { name: string }): Promise<ArtifactRef> {
    const digest = digestOfBytes(bytes)
    return this.#keep(this.#place(digest), options.name, (beside) => writeFile(beside, bytes))
  }

  has(digest: string): boolean {
    return DIGEST_TEXT.test(digest) && existsSync(this.#place(digest))
  }

  pathOf(digest: string): string {
    if (!this.has(digest)) throw storageErrors.ARTIFACT_MISSING({ digest, folder: this.#folder })
    return this.#place(digest)
  }

  async verify(digest: string): Promise<void> {
    const path = this.pathOf(digest)
    const actual = await digestOfFile(path)
    if (actual !== digest) throw storageErrors.ARTIFACT_CORRUPT({ digest, actual, path })
  }

  temporaryFolder(): { path: string; dispose(): void } {
    const path = this.#makeFolder()
    return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
  }

  #makeFolder(): string {
    try {
      return mkdtempSync(join(this.#workFolder(), 'work-'))
    } catch (error) {
      throw fileError(error, this.#folder)
    }
  }

  /** Brings bytes beside, makes them durable, then gives them their name. */
  async #keep(
    source: string,
    name: string,
    bring: (beside: string) => Promise<void>,
  ): Promise<ArtifactRef> {
    const beside = join(this.#workFolder(), `put-${randomBytes(8).toString('hex')}`)
    try {
      await bring(beside)
      const digest = await digestOfFile(beside)
      const { size } = await stat(beside)
      if (!(await this.#isWhole(digest, size))) await this.#settle(beside, digest)
      return { digest, bytes: size, name }
    } catch (error) {
      throw fileError(error, source)
    } finally {
      await rm(beside, { force: true })
    }
  }

  /** A file of the right length under its name: renames are atomic, so it can only be the whole one. */
  async #isWhole(digest: Digest, bytes: number): Promise<boolean> {
    try {
      return (await stat(this.#place(digest))).size === bytes
    } catch {
      return false
    }
  }

  async #settle(beside: string, digest: Digest): Promise<void> {
    const shard = join(this.#folder, 'sha256', digest.slice(0, 2))
    if ((await mkdir(shard, { recursive: true })) !== undefined)
      await flushFolder(join(this.#folder, 'sha256'))
    await chmod(beside, 0o444)
    await flush(beside)
    await rename(beside, this.#place(digest))
    await flushFolder(shard)
  }

  #place(digest: string): string {
    return join(this.#folder, 'sha256', digest.slice(0, 2), digest)
  }

  #workFolder(): string {
    this.#work ??= mkdtempSync(join(this.#folder, 'tmp', `${processTag(currentProcess())}~`))
    return this.#work
  }
}

/** Waits until the names in a folder are on the disk. Windows cannot open folders and needs none of it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await flush(path)
}

/** Waits until a file is on the disk. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyFile(from, to)
    await rm(from)
  }
}

function removeFoldersOfEndedProcesses(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = processOfTag(name)
    if (owner && !mayBeAlive(owner)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EDQUOT')
    return databaseErrors.STORAGE_FULL({ path, reason }, error)
  return code === undefined ? error : storageErrors.ARTIFACT_UNREADABLE({ path, reason }, error)
}
