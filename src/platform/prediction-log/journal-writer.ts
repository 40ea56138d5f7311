import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from '../database/index.ts'
import { EntryEncoder } from './entry-encoder.ts'
import { predictionLogErrors } from './errors.ts'
import { JournalFile } from './journal-file.ts'
import { MaskSource } from './masked-frame.ts'
import { WritePace } from './write-pace.ts'

const FULL = new Set(['ENOSPC', 'EFBIG', 'EDQUOT'])
/** Of one frame: what comes while a write is under way goes into the next. */
const FRAME_BYTES = 4_000_000
/**
 * That may wait for the disk; more is refused, so that a stalled disk fills no memory. Buffers are at
 * most twice as large as what is in them.
 */
const WAITING_BYTES = 64_000_000
/** An encoder that grew larger is not kept for another frame. */
const KEPT_BYTES = 1_048_576

export interface JournalWriterOptions {
  readonly folder: string
  readonly now: () => number
  /** A journal of this size is sealed. */
  readonly maxBytes: number
  /** So is one of this age. */
  readonly maxAgeMs: number
  /** Told of each sealed journal. */
  readonly onSealed: () => void
  /** Told when a journal could not be sealed; nothing is lost by it. */
  readonly onTrouble: (error: unknown) => void
}

/** A frame that waits for its write, and everybody who waits for it. */
interface Waiting {
  readonly entries: EntryEncoder
  readonly kept: PromiseWithResolvers<void>
  isForDisk: boolean
}

/**
 * Writes entries into journals: one write at a time, and what comes meanwhile goes together into the
 * next. The event loop waits for no disk. A write that fails is taken back, everybody in it is told,
 * and the next one begins anew, so that writing goes on by itself once there is room.
 *
 * Who writes asks for `entries`, adds to them and says `keep`, or `drop` when something was wrong, all
 * in one turn: a call needs neither a buffer nor a promise of its own.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #masks = new MaskSource()
  readonly #pace: WritePace
  /** Frames that are full. */
  readonly #full: Waiting[] = []
  #fullBytes = 0
  /** The frame that is being filled. */
  #open: Waiting
  #spare: EntryEncoder | undefined
  #file: JournalFile | undefined
  #working: Promise<void> | undefined
  #sealing: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: JournalWriterOptions) {
    this.#options = options
    this.#pace = new WritePace(options.folder)
    this.#open = this.#newFrame()
  }

  /** Where to add a call's entries. @throws LOG_BEHIND, LOG_CLOSED */
  entries(): EntryEncoder {
    const { folder } = this.#options
    if (this.#isClosed) throw predictionLogErrors.LOG_CLOSED({ folder })
    const { size } = this.#open.entries
    const waiting = this.#fullBytes + size
    if (waiting > WAITING_BYTES) {
      throw predictionLogErrors.LOG_BEHIND({ waiting, limit: WAITING_BYTES })
    }
    if (size < FRAME_BYTES) return this.#open.entries
    this.#full.push(this.#open)
    this.#fullBytes += size
    this.#open = this.#newFrame()
    return this.#open.entries
  }

  /**
   * What was added is a call.
   * @returns resolves when its frame is kept; the same for all calls in it
   * @throws STORAGE_FULL, LOG_WRITE_FAILED
   */
  keep(onDisk: boolean): Promise<void> {
    const { entries, kept } = this.#open
    entries.commit()
    if (onDisk) this.#open.isForDisk = true
    this.#working ??= this.#work()
    return kept.promise
  }

  /** Takes back what was added since the last call. */
  drop(): void {
    this.#open.entries.rollBack()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#working
    await this.#seal()
  }

  async #work(): Promise<void> {
    // The rest of this turn of the event loop belongs to the same frame.
    await new Promise((resolve) => setImmediate(resolve))
    for (let due = this.#takeDue(); due !== undefined; due = this.#takeDue()) {
      try {
        await this.#write(due)
        due.kept.resolve()
      } catch (error) {
        due.kept.reject(writeError(error, this.#file?.path ?? this.#options.folder))
        // A full file is no full disk: the next journal may fit.
        if ((this.#file?.size ?? 0) > 0 || this.#file?.isFit === false) await this.#seal()
      }
      if (due.entries.capacity <= KEPT_BYTES) this.#spare = due.entries
    }
    this.#working = undefined
  }

  #newFrame(): Waiting {
    const entries = this.#spare ?? new EntryEncoder(this.#masks)
    this.#spare = undefined
    entries.clear()
    return { entries, kept: Promise.withResolvers(), isForDisk: false }
  }

  #takeDue(): Waiting | undefined {
    const full = this.#full.shift()
    if (full !== undefined) {
      this.#fullBytes -= full.entries.size
      return full
    }
    const due = this.#open
    if (due.entries.size === 0) return undefined
    this.#open = this.#newFrame()
    return due
  }

  async #write({ entries, isForDisk }: Waiting): Promise<void> {
    const { folder, now, maxBytes, maxAgeMs } = this.#options
    const before = this.#file
    if (before !== undefined && (before.size >= maxBytes || now() - before.createdMs >= maxAgeMs)) {
      await this.#seal()
    }
    this.#file ??= await JournalFile.create(folder, now(), this.#pace)
    await this.#file.write(entries.frame(), isForDisk)
    this.#sealing ??= setTimeout(() => this.#sealIdle(), maxAgeMs).unref()
  }

  #isWaiting(): boolean {
    return this.#full.length > 0 || this.#open.entries.size > 0
  }

  /** A journal that nothing more came into; a busy one is sealed by its next write. */
  #sealIdle(): void {
    this.#sealing = undefined
    this.#working ??= this.#seal().then(() => {
      this.#working = undefined
      if (this.#isWaiting()) this.#working = this.#work()
    })
  }

  async #seal(): Promise<void> {
    const file = this.#file
    clearTimeout(this.#sealing)
    this.#sealing = undefined
    this.#file = undefined
    if (file === undefined) return
    try {
      await file.seal()
      if (file.size > 0) this.#options.onSealed()
    } catch (error) {
      this.#options.onTrouble(error)
    }
  }
}

function writeError(error: unknown, path: string) {
  if (isPlatformError(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  return FULL.has(code)
    ? databaseErrors.STORAGE_FULL({ path, reason }, error)
    : predictionLogErrors.LOG_WRITE_FAILED({ path, reason }, error)
}
