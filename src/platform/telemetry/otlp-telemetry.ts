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
import { parseKeyPairsIntoRecord, W3CTraceContextPropagator } from '@opentelemetry/core'
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
import type { TelemetryOptions } from './open-telemetry.ts'
import type { SamplerSettings, TelemetrySettings } from './read-settings.ts'
import type { Attributes, Carrier, RequestEnd, RequestTrace, Telemetry } from './telemetry.ts'
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
  return {
    begin({ name, carrier, attributes }) {
      const from = propagator.extract(ROOT_CONTEXT, carrier, carrierReader)
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.SERVER, attributes: { ...attributes } },
        from,
      )
      return new SpanTrace(tracer, span, trace.setSpan(from, span))
    },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, CLOSE_WITHIN_MS)
      // What could not be sent was told by the exporter's watch.
      await Promise.race([provider.shutdown().catch(() => {}), promise])
      clearTimeout(timer)
    },
  }
}

class SpanTrace implements RequestTrace {
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #context: Context
  #part: Span | undefined

  constructor(tracer: Tracer, span: Span, context: Context) {
    this.#tracer = tracer
    this.#span = span
    this.#context = context
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {}
    propagator.inject(this.#context, headers, headerWriter)
    return headers
  }

  enter(part: string, attributes: Attributes = {}): void {
    this.leave()
    if (!this.#span.isRecording()) return
    const options = { kind: SpanKind.INTERNAL, attributes: { ...attributes } }
    this.#part = this.#tracer.startSpan(part, options, this.#context)
  }

  leave(): void {
    this.#part?.end()
    this.#part = undefined
  }

  end({ failed, attributes }: RequestEnd): void {
    // A part that is still under way is where it failed.
    if (failed) this.#part?.setStatus({ code: SpanStatusCode.ERROR })
    this.leave()
    if (!this.#span.isRecording()) return
    this.#span.setAttributes({ ...attributes })
    if (failed) this.#span.setStatus({ code: SpanStatusCode.ERROR })
    this.#span.end()
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
