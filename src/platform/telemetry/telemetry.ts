import type { Environment } from './read-settings.ts'

export type AttributeValue = string | number | boolean
export type Attributes = Readonly<Record<string, AttributeValue>>

/** Headers or metadata that may carry the caller's context: `traceparent`, `tracestate` (W3C). */
export type Carrier = Readonly<Record<string, string | readonly string[] | undefined>>

export interface RequestStart {
  /** Of few kinds: `POST /v2/models/:name/infer`, never a name or an id of a request. */
  readonly name: string
  readonly carrier: Carrier
  readonly attributes: Attributes
}

export interface RequestEnd {
  /** Whether this side failed; a caller's mistake is no failure of the server. */
  readonly failed: boolean
  readonly attributes: Attributes
}

/**
 * One request as it is traced: the server's span, and the parts of its work one after another.
 * Nobody's data belong into names or attributes.
 */
export interface RequestTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** What hands the context on to whoever is called: `traceparent`, and `tracestate` when there is one. */
  headers(): Readonly<Record<string, string>>
  /** Begins a part of the work; the part before ends. */
  enter(part: string, attributes?: Attributes): void
  /** Ends the part under way. */
  leave(): void
  /** Ends the request, and with it a part under way; what follows is not heard any more. */
  end(outcome: RequestEnd): void
}

/** Where traces of requests go. Nothing here throws, waits or keeps more than a bounded queue. */
export interface Telemetry {
  begin(start: RequestStart): RequestTrace
  /** Sends what is queued, for at most five seconds. */
  close(): Promise<void>
}

export interface TelemetryOptions {
  /** The process's variables. */
  readonly environment: Environment
  /** Of this package; a resource attribute of every span. */
  readonly release: string
  /** Told in one sentence of wrong settings, of a receiver that does not answer, and when it does again. */
  readonly tell: (message: string) => void
}
