/** How often a worker of one place has ended before it was ready, in a row. */
export interface PlaceHistory {
  readonly failedStarts: number
}

export type AfterEnd =
  | { readonly action: 'restart'; readonly delayMs: number }
  /** No worker is left and none can be started. */
  | { readonly action: 'give-up' }

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000
/** Starts in a row that may fail while nobody answers. */
export const MAX_FAILED_STARTS = 5

/**
 * What becomes of a worker's place after the worker has ended. One that had answered is replaced at
 * once; failed starts are tried again after 0.1 s, 0.2 s, 0.4 s … at most 10 s. As long as others
 * answer, nobody gives up: fewer workers are better than none.
 */
export function afterEnd(options: {
  readonly history: PlaceHistory
  readonly wasReady: boolean
  /** Workers that answer now. */
  readonly ready: number
}): { readonly history: PlaceHistory; readonly next: AfterEnd } {
  const { history, wasReady, ready } = options
  if (wasReady) {
    return { history: { failedStarts: 0 }, next: { action: 'restart', delayMs: 0 } }
  }
  const failedStarts = history.failedStarts + 1
  if (failedStarts >= MAX_FAILED_STARTS && ready === 0) {
    return { history: { failedStarts }, next: { action: 'give-up' } }
  }
  const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failedStarts - 1))
  return { history: { failedStarts }, next: { action: 'restart', delayMs } }
}
