/** What a command may touch of the outside: its output, its surroundings, its signals. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Whether people are watching the error stream, where progress is shown. */
  readonly isLive: boolean
  /** Whether the outputs take colours. */
  readonly hasColour: boolean
  readonly columns: number
  /** Results, for people or programs. */
  print(text: string): void
  /** Progress, warnings and errors. */
  printError(text: string): void
  /** Calls back at Ctrl-C and SIGTERM; returns how to stop listening. */
  onInterrupt(listener: () => void): () => void
  /** Ends the process at once. */
  exitNow(code: number): void
}

const DEFAULT_COLUMNS = 80

function wantsColour(environment: Terminal['environment'], isTty: boolean): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false
  if ((environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0') return true
  return isTty && environment.TERM !== 'dumb'
}

/** The real terminal of a process. */
export function createTerminal(process: NodeJS.Process): Terminal {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const isLive = process.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI
  return {
    environment: process.env,
    folder: process.cwd(),
    isLive,
    hasColour: wantsColour(process.env, process.stdout.isTTY === true),
    get columns() {
      return process.stderr.columns ?? DEFAULT_COLUMNS
    },
    print: (text) => void process.stdout.write(`${text}\n`),
    printError: (text) => void process.stderr.write(text),
    onInterrupt(listener) {
      process.on('SIGINT', listener)
      process.on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener)
        process.off('SIGTERM', listener)
      }
    },
    exitNow: (code) => process.exit(code),
  }
}
