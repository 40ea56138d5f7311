import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from '../database/index.ts'
import { predictionLogErrors } from './errors.ts'
import { JournalFile } from './journal-file.ts'
import { encodeFrame } from './journal-frame.ts'

const FULL = new Set(['ENOSPC', 'EFBIG', 'EDQUOT'])
/** Of one frame: what comes while a write is under way goes into the next. */
const FRAME_CHARACTERS = 4_000_000
/** That may wait for the disk; more is refused, so that a stalled disk fills no memory. */
const WAITING_CHARACTERS = 64_000_000

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

interface Waiting {
  readonly lines: string
  readonly onDisk: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes lines into journals: one write at a time, and what comes meanwhile goes together into the
 * next. The event loop waits for no disk. A write that fails is taken back, everybody in it is told,
 * and the next one begins anew, so that writing goes on by itself once there is room.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  #waiting: Waiting[] = []
  #waitingCharacters = 0
  #file: JournalFile | undefined
  #working: Promise<void> | undefined
  #sealing: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: JournalWriterOptions) {
    this.#options = options
  }

  /** Resolves when the lines are kept. @throws STORAGE_FULL, LOG_WRITE_FAILED, LOG_BEHIND, LOG_CLOSED */
  append(lines: string, onDisk: boolean): Promise<void> {
    const { folder } = this.#options
    if (this.#isClosed) return Promise.reject(predictionLogErrors.LOG_CLOSED({ folder }))
    if (this.#waitingCharacters > WAITING_CHARACTERS) {
      const amounts = { waiting: this.#waitingCharacters, limit: WAITING_CHARACTERS }
      return Promise.reject(predictionLogErrors.LOG_BEHIND(amounts))
    }
    return new Promise((resolve, reject) => {
      this.#waitingCharacters += lines.length
      this.#waiting.push({ lines, onDisk, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#working
    await this.#seal()
  }

  async #work(): Promise<void> {
    // The rest of this turn of the event loop belongs to the same frame.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const due = this.#takeDue()
      try {
        await this.#write(due)
        for (const { resolve } of due) resolve()
      } catch (error) {
        const refusal = writeError(error, this.#file?.path ?? this.#options.folder)
        for (const { reject } of due) reject(refusal)
        // A full file is no full disk: the next journal may fit.
        if ((this.#file?.size ?? 0) > 0 || this.#file?.isFit === false) await this.#seal()
      }
    }
    this.#working = undefined
  }

  #takeDue(): Waiting[] {
    let characters = 0
    let count = 0
    for (const { lines } of this.#waiting) {
      if (count > 0 && characters + lines.length > FRAME_CHARACTERS) break
      characters += lines.length
      count++
    }
    this.#waitingCharacters -= characters
    return this.#waiting.splice(0, count)
  }

  async #write(due: readonly Waiting[]): Promise<void> {
    const { folder, now, maxBytes, maxAgeMs } = this.#options
    const before = this.#file
    if (before !== undefined && (before.size >= maxBytes || now() - before.createdMs >= maxAgeMs)) {
      await this.#seal()
    }
    this.#file ??= await JournalFile.create(folder, now())
    const frame = encodeFrame(due.map(({ lines }) => lines).join(''))
    await this.#file.write(
      frame,
      due.some(({ onDisk }) => onDisk),
    )
    this.#sealing ??= setTimeout(() => this.#sealIdle(), maxAgeMs).unref()
  }

  /** A journal that nothing more came into; a busy one is sealed by its next write. */
  #sealIdle(): void {
    this.#sealing = undefined
    this.#working ??= this.#seal().then(() => {
      this.#working = undefined
      if (this.#waiting.length > 0) this.#working = this.#work()
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
