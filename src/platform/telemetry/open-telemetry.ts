import { readSettings } from './read-settings.ts'
import type { Telemetry, TelemetryOptions } from './telemetry.ts'

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
