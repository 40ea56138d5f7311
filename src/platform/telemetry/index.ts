export { openTelemetry, type TelemetryOptions } from './open-telemetry.ts'
export type { Attributes, Carrier, RequestTrace, Telemetry } from './telemetry.ts'
