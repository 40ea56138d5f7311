import { type Environment, readSettings } from './read-settings.ts'
import type { Telemetry } from './telemetry.ts'

export interface TelemetryOptions {
  /** The process's variables. */
  readonly environment: Environment
  /** Of this package; a resource attribute of every span. */
  readonly release: string
  /** Told in one sentence of wrong settings, of a receiver that does not answer, and when it does again. */
  readonly tell: (message: string) => void
}

/**
 * Opens traces when the standard variables of OpenTelemetry ask for them: an address in
 * `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. The SDK is loaded only then.
 * @returns undefined when nothing is traced
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry | undefined> {
  const { settings, warnings } = readSettings(options.environment)
  for (const warning of warnings) options.tell(warning)
  if (settings === undefined) return undefined
  const { createOtlpTelemetry } = await import('./otlp-telemetry.ts')
  return createOtlpTelemetry(settings, options)
}
