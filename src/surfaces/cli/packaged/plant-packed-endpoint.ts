import path from 'node:path'
import { EXIT_CODES } from '../../../core/errors/index.ts'
import { systemClock } from '../../../core/time/index.ts'
import { plantSeed } from '../../../flows/index.ts'
import { asPlatformError } from '../as-platform-error.ts'
import { databaseUrl } from '../database-url.ts'
import { createColours } from '../presentation/colours.ts'
import { failureText } from '../presentation/failure.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Makes the data folder serve the packed endpoint.
 * @returns the exit code of a failure, which was told; undefined when all is there
 */
export async function plantPackedEndpoint(
  terminal: Terminal,
  from: string,
): Promise<number | undefined> {
  const { environment, folder } = terminal
  try {
    await plantSeed({
      from,
      dataFolder: path.resolve(folder, environment.ESTEIRA_DATA_DIR || '.'),
      databaseUrl: databaseUrl(environment),
      clock: systemClock,
    })
    return undefined
  } catch (error) {
    const failure = asPlatformError(error, new AbortController().signal)
    terminal.printError(failureText(failure, createColours(terminal.hasColour)))
    return EXIT_CODES[failure.exit]
  }
}
