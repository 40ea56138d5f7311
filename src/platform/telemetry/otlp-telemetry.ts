import { randomUUID } from 'node:crypto'
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import {
  AnchoredClock,
  parseKeyPairsIntoRecord,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { SamplerSettings, TelemetrySettings } from './read-settings.ts'
import type {
  Attributes,
  Carrier,
  RequestEnd,
  RequestTrace,
  Telemetry,
  TelemetryOptions,
} from './telemetry.ts'
import { watchExporter } from './watched-exporter.ts'

const CLOSE_WITHIN_MS = 5_000
const SCOPE = 'esteira'

const propagator = new W3CTraceContextPropagator()
const carrierReader = {
  get: (carrier: Carrier, key: string) => {
    const value = carrier[key]
    return value === undefined || typeof value === 'string' ? value : [...value]
  },
  keys: (carrier: Carrier) => Object.keys(carrier),
}
const headerWriter = {
  set: (headers: Record<string, string>, key: string, value: string) => {
    headers[key] = value
  },
}

/**
 * Traces by OpenTelemetry's SDK, sent as OTLP/HTTP in JSON. Contexts are handed on explicitly, so that
 * nothing global is registered and no hook follows every promise of the process.
 */
export function createOtlpTelemetry(
  settings: TelemetrySettings,
  { release, tell }: Pick<TelemetryOptions, 'release' | 'tell'>,
): Telemetry {
  const exporter = watchExporter(new OTLPTraceExporter({ url: settings.url }), tell)
  const provider = new TracerProvider({
    resource: resourceOf(settings, release),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...settings.queue })],
  })
  const tracer = provider.getTracer(SCOPE, release)
  let closed: Promise<void> | undefined
  return {
    begin({ name, carrier, attributes }) {
      const from = propagator.extract(ROOT_CONTEXT, carrier, carrierReader)
      // One clock a request: parts of microseconds stand in their order.
      const clock = new AnchoredClock(Date, performance)
      const options = {
        kind: SpanKind.SERVER,
        startTime: clock.now(),
        attributes: { ...attributes },
      }
      const span = tracer.startSpan(name, options, from)
      return new SpanTrace({ tracer, clock, span, context: trace.setSpan(from, span) })
    },
    close() {
      // What could not be sent was told by the exporter's watch.
      closed ??= atMost(
        CLOSE_WITHIN_MS,
        provider.shutdown().catch(() => {}),
      )
      return closed
    },
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

interface SpanParts {
  readonly tracer: Tracer
  readonly clock: AnchoredClock
  readonly span: Span
  /** What children begin in. */
  readonly context: Context
}

class SpanTrace implements RequestTrace {
  readonly #parts: SpanParts
  #part: Span | undefined

  constructor(parts: SpanParts) {
    this.#parts = parts
  }

  get traceId(): string {
    return this.#parts.span.spanContext().traceId
  }

  headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {}
    propagator.inject(this.#parts.context, headers, headerWriter)
    return headers
  }

  enter(part: string, attributes: Attributes = {}): void {
    this.leave()
    const { tracer, clock, span, context } = this.#parts
    if (!span.isRecording()) return
    const options = {
      kind: SpanKind.INTERNAL,
      startTime: clock.now(),
      attributes: { ...attributes },
    }
    this.#part = tracer.startSpan(part, options, context)
  }

  leave(): void {
    this.#part?.end(this.#parts.clock.now())
    this.#part = undefined
  }

  end({ failed, attributes }: RequestEnd): void {
    // A part that is still under way is where it failed.
    if (failed) this.#part?.setStatus({ code: SpanStatusCode.ERROR })
    this.leave()
    const { span, clock } = this.#parts
    if (!span.isRecording()) return
    span.setAttributes({ ...attributes })
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end(clock.now())
  }
}

/** The variables go before what we know by ourselves; `OTEL_SERVICE_NAME` goes before all. */
function resourceOf({ resource, serviceName }: TelemetrySettings, release: string) {
  return defaultResource().merge(
    resourceFromAttributes({
      'service.name': SCOPE,
      'service.version': release,
      'service.instance.id': randomUUID(),
      ...parseKeyPairsIntoRecord(resource),
      ...(serviceName === undefined ? {} : { 'service.name': serviceName }),
    }),
  )
}

function samplerOf({ root, parentBased, ratio }: SamplerSettings): Sampler {
  const samplers = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  }
  const sampler = samplers[root]()
  return parentBased ? new ParentBasedSampler({ root: sampler }) : sampler
}
