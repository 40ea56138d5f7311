import { openTelemetry, type Telemetry } from '../../platform/telemetry/index.ts'
import { packageVersion } from './package-facts.ts'
import type { Terminal } from './terminal.ts'

/**
 * Traces of this process, when OpenTelemetry's variables ask for them; each process that answers
 * opens its own, and closes it after its last answer.
 */
export function openProcessTelemetry(terminal: Terminal): Promise<Telemetry | undefined> {
  return openTelemetry({
    environment: terminal.environment,
    release: packageVersion(),
    tell: (message) => terminal.printError(`${message}\n`),
  })
}
