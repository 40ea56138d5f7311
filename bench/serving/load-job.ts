/** How the figures that a server answered are found in its answer, and what they must be. */
export interface AnswerCheck {
  /**
   * `text`: the numbers that follow `marker` and its brackets. `floats-at-end`: packed float32 at the
   * body's end. `tensor`: the first output of a gRPC answer, packed or typed.
   */
  readonly kind: 'text' | 'floats-at-end' | 'tensor'
  readonly marker: string
  /** Numbers a row, and which of them is the positive probability. */
  readonly stride: number
  readonly offset: number
  /** By version, by request: the probability of each row. One version: the answer need not name it. */
  readonly expected: Readonly<Record<string, readonly (readonly number[])[]>>
}

/** What a load generator, a process of its own, is asked to do. */
export interface LoadJob {
  readonly protocol: 'http' | 'grpc'
  readonly port: number
  /** Of HTTP, or `/package.Service/Method`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Bodies in base64, sent one after the other, again and again. */
  readonly bodies: readonly string[]
  readonly connections: number
  /** Requests under way on each connection; 1 with HTTP. */
  readonly streams: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Ends earlier, after so many answers. */
  readonly atMost?: number
  /** Undefined: only the status is looked at. */
  readonly check: AnswerCheck | undefined
}

/** What a generator saw; times in milliseconds. */
export interface LoadFigures {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** In the measured seconds. */
  readonly requests: number
  /** With those of warming up. */
  readonly allRequests: number
  /** Answers whose numbers were compared. */
  readonly verified: number
  readonly answersByVersion: Readonly<Record<string, number>>
  /** Share of a core that the generator itself took. */
  readonly generatorBusy: number
}
