/**
 * How late the event loop is, from a timer that is due every `everyMs`: how late it was the last
 * time, or is now. `monitorEventLoopDelay` wakes the loop a hundred times a second and gives
 * percentiles since its reset, not the present; one subtraction a tick is enough here.
 */
export class LoopDelay {
  readonly #everyMs: number
  #lastMs: number
  #lateMs = 0

  constructor(everyMs: number, nowMs: number) {
    this.#everyMs = everyMs
    this.#lastMs = nowMs
  }

  /** Begins anew: nothing was measured before. */
  reset(nowMs: number): void {
    this.#lateMs = 0
    this.#lastMs = nowMs
  }

  tick(nowMs: number): void {
    this.#lateMs = Math.max(0, nowMs - this.#lastMs - this.#everyMs)
    this.#lastMs = nowMs
  }

  /** Milliseconds. */
  delayMs(nowMs: number): number {
    return Math.max(this.#lateMs, nowMs - this.#lastMs - this.#everyMs, 0)
  }
}
