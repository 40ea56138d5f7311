import { runCommandLine } from '../../../src/surfaces/cli/run-command-line.ts'

export interface CommandRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** One command line in this process, with what it printed. */
export async function runEsteira(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandRun> {
  let out = ''
  let err = ''
  const code = await runCommandLine([...args, '--project', folder], {
    environment,
    folder,
    isLive: false,
    hasColour: false,
    columns: 80,
    print: (text) => {
      out += text
    },
    printError: (text) => {
      err += text
    },
    onInterrupt: () => () => {},
    exitNow: (exit) => {
      throw new Error(`exit ${exit}`)
    },
  })
  return { code, out, err }
}
