/** How much was read so far, for those who wait. */
export interface ImportCounts {
  readonly experiments: number
  readonly runs: number
  readonly points: number
  readonly loggedModels: number
  readonly models: number
  readonly versions: number
  /** Files looked at. */
  readonly files: number
  readonly bytes: number
  /** Of those, files that were not here before. */
  readonly copiedFiles: number
  /** Things made or changed here. */
  readonly changes: number
}

export interface ImportProblem {
  /** Such as `run/8f0c…` or `model/churn/version/3`. */
  readonly what: string
  readonly reason: string
}

const MOST_PROBLEMS = 1_000

/** Counts what an import does, and keeps what went wrong. */
export class ImportTally {
  readonly problems: ImportProblem[] = []
  problemCount = 0
  /** What was left out on purpose. */
  readonly notes: string[] = []
  readonly #counts = {
    experiments: 0,
    runs: 0,
    points: 0,
    loggedModels: 0,
    models: 0,
    versions: 0,
    files: 0,
    bytes: 0,
    copiedFiles: 0,
    changes: 0,
  }
  readonly #listen: ((counts: ImportCounts) => void) | undefined

  constructor(listen?: (counts: ImportCounts) => void) {
    this.#listen = listen
  }

  add(name: keyof ImportCounts, count = 1): void {
    this.#counts[name] += count
    this.#listen?.(this.#counts)
  }

  problem(what: string, reason: string): void {
    this.problemCount += 1
    if (this.problems.length < MOST_PROBLEMS) this.problems.push({ what, reason })
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text)
  }

  counts(): ImportCounts {
    return { ...this.#counts }
  }
}
