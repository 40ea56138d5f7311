import { fork } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { predictionLogErrors } from './errors.ts'
import { journalPath, listJournals } from './journal-name.ts'
import { isCompactionDue } from './plan-compaction.ts'

const PROGRAM = join(import.meta.dirname, `compact-process${extname(import.meta.filename)}`)

/** Starts a compaction when enough journals lie about, one at a time; others may do so as well. */
export class BackgroundCompaction {
  readonly #folder: string
  readonly #onTrouble: (error: unknown) => void
  #isBusy = false

  constructor(folder: string, onTrouble: (error: unknown) => void) {
    this.#folder = folder
    this.#onTrouble = onTrouble
  }

  /** Never throws and holds nobody up. */
  consider(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#look().catch((error) => {
      this.#isBusy = false
      this.#onTrouble(error)
    })
  }

  async #look(): Promise<void> {
    const journals = await listJournals(this.#folder, Date.now())
    const finished = journals.filter(({ state }) => state !== 'open')
    const sizes = await Promise.all(finished.map(({ stem }) => this.#sizeOf(stem)))
    if (isCompactionDue(sizes)) this.#start()
    else this.#isBusy = false
  }

  async #sizeOf(stem: string): Promise<{ readonly bytes: number }> {
    // It may be gone by now: somebody else compacts.
    const found = await stat(journalPath(this.#folder, stem)).catch(() => undefined)
    return { bytes: found?.size ?? 0 }
  }

  #start(): void {
    let told = ''
    // In a session of its own: Linux shares the processor between sessions first, and by priority
    // only within each of them.
    const child = fork(PROGRAM, [this.#folder], { stdio: 'ignore', execArgv: [], detached: true })
    child.unref()
    child.channel?.unref()
    child.once('message', (message: { readonly reason?: string }) => {
      told = String(message.reason)
    })
    child.once('error', (error) => this.#end(error.message))
    child.once('exit', (code, signal) => {
      this.#end(code === 0 ? undefined : told || `it ended with ${signal ?? code}`)
    })
  }

  #end(reason: string | undefined): void {
    this.#isBusy = false
    if (reason === undefined) return
    this.#onTrouble(predictionLogErrors.COMPACTION_FAILED({ folder: this.#folder, reason }))
  }
}
