/** Process exit codes of the command line, by name. Documented in `docs/reference/cli.md`. */
export const EXIT_CODES = {
  /** All done. */
  ok: 0,
  /** A fault of Esteira itself. */
  internal: 1,
  /** Wrong use: unknown option, invalid project file. */
  usage: 2,
  /** The gate's final verdict is NO; nothing was deployed. */
  rejected: 3,
  /** The feasibility check of the problem ended in NO-GO. */
  'no-go': 4,
  /** A source or its data broke a rule. */
  data: 5,
  /** A worker process failed. */
  worker: 6,
  /** Something is missing on this machine; `esteira doctor` says what. */
  environment: 7,
  /** Something is in the way: another run holds the project, a name is taken. */
  conflict: 8,
  /** The named thing does not exist. */
  'not-found': 9,
  /** Interrupted by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const

export type ExitName = keyof typeof EXIT_CODES
