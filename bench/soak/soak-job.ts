/** What the client of the soak test, a process of its own, is asked to do. */
export interface SoakJob {
  readonly port: number
  readonly path: string
  /** One after the other, again and again, until the time is over. */
  readonly phases: readonly SoakPhase[]
  readonly seconds: number
  /** Of each row: what follows the id in a request's body. */
  readonly bodies: readonly string[]
  /** By version, by row: the positive class's probability. */
  readonly expected: Readonly<Record<string, readonly number[]>>
  /** Where the fate of each request is written, one byte a request: see `FATES`. */
  readonly fatesFile: string
}

export interface SoakPhase {
  readonly name: string
  readonly connections: number
  readonly seconds: number
}

/** A byte below these is the version that answered. */
export const FATES = { refused: 255, lost: 254, wrong: 253 } as const

/** Names of the first mistakes are kept, the rest is counted. */
export interface SoakFigures {
  readonly sent: number
  readonly answered: number
  readonly refused: number
  readonly lost: number
  readonly wrong: number
  readonly reconnected: number
  readonly statuses: Readonly<Record<string, number>>
  readonly answersByVersion: Readonly<Record<string, number>>
  readonly mistakes: readonly string[]
  /** Of accepted requests, by phase. */
  readonly latencies: Readonly<
    Record<string, { readonly accepted: number; readonly p50Ms: number; readonly p99Ms: number }>
  >
}

const ID_DIGITS = 9

/** The id of the request with a number; always of the same length. */
export const requestId = (number: number): string =>
  `soak-${String(number).padStart(ID_DIGITS, '0')}`
