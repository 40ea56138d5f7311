export { openTelemetry } from './open-telemetry.ts'
export type { Attributes, Carrier, RequestTrace, Telemetry, TelemetryOptions } from './telemetry.ts'
