import { EXIT_CODES } from '../../core/errors/index.ts'
import { errors } from './errors.ts'
import type { Terminal } from './terminal.ts'

export interface Interruption {
  readonly signal: AbortSignal
  /** Waits until the user wants to stop. */
  readonly asked: Promise<void>
  stopListening(): void
}

/** First Ctrl-C (or SIGTERM): end in order, keeping what is finished. Second: end at once. */
export function listenForInterrupts(terminal: Terminal): Interruption {
  const controller = new AbortController()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const stopListening = terminal.onInterrupt(() => {
    if (controller.signal.aborted) {
      terminal.exitNow(EXIT_CODES.interrupted)
      return
    }
    terminal.printError('\nStopping in order; once more ends at once.\n')
    controller.abort(errors.INTERRUPTED({}))
    resolve()
  })
  return { signal: controller.signal, asked, stopListening }
}
