import { writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { flushFolder } from './flush-folder.ts'
import { journalPath, newStem, sealPath } from './journal-name.ts'
import type { WritePace } from './write-pace.ts'

const LARGE_FRAME_BYTES = 1_048_576

/** One journal that this process writes: frames, one behind the other. */
export class JournalFile {
  readonly path: string
  readonly createdMs: number
  readonly #folder: string
  readonly #stem: string
  readonly #handle: FileHandle
  readonly #pace: WritePace
  #size = 0
  #isNamedOnDisk = false
  #isFit = true
  #isTorn = false

  private constructor(
    place: { readonly folder: string; readonly stem: string },
    handle: FileHandle,
    createdMs: number,
    pace: WritePace,
  ) {
    this.#folder = place.folder
    this.#stem = place.stem
    this.path = journalPath(place.folder, place.stem)
    this.#handle = handle
    this.#pace = pace
    this.createdMs = createdMs
  }

  /** @param pace of all journals of the folder: one disk is under all of them */
  static async create(folder: string, nowMs: number, pace: WritePace): Promise<JournalFile> {
    await mkdir(folder, { recursive: true })
    const stem = newStem(nowMs)
    const handle = await open(journalPath(folder, stem), 'wx')
    return new JournalFile({ folder, stem }, handle, nowMs, pace)
  }

  /** Bytes of whole frames. */
  get size(): number {
    return this.#size
  }

  /** False after a failure that leaves in doubt what the file holds; nothing more goes into it. */
  get isFit(): boolean {
    return this.#isFit && !this.#isTorn
  }

  /** Adds a frame; a frame that cannot be written wholly is taken back. */
  async write(frame: Buffer, onDisk: boolean): Promise<void> {
    try {
      // A large frame takes long to copy, wherever it goes.
      if (frame.length <= LARGE_FRAME_BYTES && this.#pace.isQuick(performance.now())) {
        this.#writeNow(frame)
      } else await this.#writeElsewhere(frame)
      if (onDisk) await this.#flush()
    } catch (error) {
      await this.#takeBack()
      throw error
    }
    this.#size += frame.length
  }

  /** In the event loop's own turn. */
  #writeNow(frame: Buffer): void {
    const startedMs = performance.now()
    for (let done = 0; done < frame.length; ) {
      done += writeSync(this.#handle.fd, frame, done, frame.length - done, this.#size + done)
    }
    const nowMs = performance.now()
    this.#pace.took(nowMs - startedMs, nowMs)
  }

  /** In another thread. */
  async #writeElsewhere(frame: Buffer): Promise<void> {
    for (let done = 0; done < frame.length; ) {
      const at = this.#size + done
      const { bytesWritten } = await this.#handle.write(frame, done, frame.length - done, at)
      done += bytesWritten
    }
  }

  /** Ends the journal; an empty one goes away. */
  async seal(): Promise<void> {
    await this.#handle.close()
    // A sealed journal ends with a whole frame. A torn one is left to be found when this process ended.
    if (this.#isTorn) return
    if (this.#size === 0) await rm(this.path, { force: true })
    else await writeFile(sealPath(this.#folder, this.#stem), '')
  }

  async #flush(): Promise<void> {
    try {
      await this.#handle.datasync()
      if (!this.#isNamedOnDisk) await flushFolder(this.#folder)
      this.#isNamedOnDisk = true
    } catch (error) {
      // After a failed flush the system may have dropped the pages: the file is not to be trusted.
      this.#isFit = false
      throw error
    }
  }

  async #takeBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#size)
    } catch {
      // What is left behind the last whole frame is a torn tail to every reader.
      this.#isTorn = true
    }
  }
}
