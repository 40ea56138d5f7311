/** The standard variables of OpenTelemetry, as far as they concern traces over OTLP. */

export type SamplerName = 'always_on' | 'always_off' | 'traceidratio'

export interface SamplerSettings {
  readonly root: SamplerName
  /** Whether a caller's decision goes before ours. */
  readonly parentBased: boolean
  /** Share of traces that begin here and are kept, 0 to 1; of `traceidratio` alone. */
  readonly ratio: number
}

export interface QueueSettings {
  /** Milliseconds between two exports. */
  readonly scheduledDelayMillis: number
  /** Spans that wait at most; what comes beyond is dropped. */
  readonly maxQueueSize: number
  /** Spans of one export. */
  readonly maxExportBatchSize: number
  readonly exportTimeoutMillis: number
}

export interface TelemetrySettings {
  /** Where spans are posted, with its path. */
  readonly url: string
  readonly sampler: SamplerSettings
  readonly queue: QueueSettings
  /** `OTEL_RESOURCE_ATTRIBUTES` as it stands; undefined when unset. */
  readonly resource: string | undefined
  readonly serviceName: string | undefined
}

export interface ReadSettings {
  /** Undefined when nothing is traced. */
  readonly settings: TelemetrySettings | undefined
  /** What was set and is not obeyed, one sentence each. */
  readonly warnings: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

const TRACES_PATH = 'v1/traces'
const HIGHEST_DELAY_MS = 600_000
const HIGHEST_QUEUE = 100_000

/**
 * Traces are on when an address is set and nothing turns them off. A wrong value is told and its
 * default holds: observing must not keep a server from starting.
 */
export function readSettings(environment: Environment): ReadSettings {
  const warnings: string[] = []
  const read = (name: string) => environment[name]?.trim() || undefined
  const url = isOff(read) ? undefined : endpointOf(read, warnings)
  if (url === undefined || !isSpoken(read, warnings)) return { settings: undefined, warnings }
  const settings = {
    url,
    sampler: samplerOf(read, warnings),
    queue: queueOf(read, warnings),
    resource: read('OTEL_RESOURCE_ATTRIBUTES'),
    serviceName: read('OTEL_SERVICE_NAME'),
  }
  return { settings, warnings }
}

type Read = (name: string) => string | undefined

function isOff(read: Read): boolean {
  return (
    read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || read('OTEL_TRACES_EXPORTER') === 'none'
  )
}

/** The variable of the signal is taken as it is; the common one is the root of all signals. */
function endpointOf(read: Read, warnings: string[]): string | undefined {
  const own = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const root = read('OTEL_EXPORTER_OTLP_ENDPOINT')
  const text =
    own ?? (root === undefined ? undefined : `${root.replace(/\/+$/, '')}/${TRACES_PATH}`)
  if (text === undefined) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).href
  const name =
    own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  warnings.push(`No traces are sent: ${name} is no address that begins with http:// or https://.`)
  return undefined
}

/** Collectors tell JSON from protobuf by the content type, on the same port; gRPC has its own. */
function isSpoken(read: Read, warnings: string[]): boolean {
  const exporter = read('OTEL_TRACES_EXPORTER') ?? 'otlp'
  const protocol =
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/json'
  if (!exporter.split(',').includes('otlp')) {
    warnings.push(`No traces are sent: OTEL_TRACES_EXPORTER must be otlp or none, not ${exporter}.`)
    return false
  }
  if (protocol.startsWith('http/')) return true
  warnings.push(
    `No traces are sent: the protocol ${protocol} is not spoken. Set OTEL_EXPORTER_OTLP_PROTOCOL to http/json and the address to the collector's port for HTTP, commonly 4318.`,
  )
  return false
}

const PARENT_BASED = 'parentbased_'
const SAMPLERS: readonly string[] = ['always_on', 'always_off', 'traceidratio']

function samplerOf(read: Read, warnings: string[]): SamplerSettings {
  const name = read('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  const parentBased = name.startsWith(PARENT_BASED)
  const root = parentBased ? name.slice(PARENT_BASED.length) : name
  if (!isSampler(root)) {
    warnings.push(`OTEL_TRACES_SAMPLER "${name}" is unknown; parentbased_always_on holds.`)
    return { root: 'always_on', parentBased: true, ratio: 1 }
  }
  return { root, parentBased, ratio: root === 'traceidratio' ? ratioOf(read, warnings) : 1 }
}

function isSampler(name: string): name is SamplerName {
  return SAMPLERS.includes(name)
}

function ratioOf(read: Read, warnings: string[]): number {
  const text = read('OTEL_TRACES_SAMPLER_ARG')
  const ratio = Number(text ?? 1)
  if (ratio >= 0 && ratio <= 1) return ratio
  warnings.push(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not "${text}"; 1 holds.`)
  return 1
}

function queueOf(read: Read, warnings: string[]): QueueSettings {
  const whole = (name: string, fallback: number, highest: number) => {
    const text = read(name)
    const value = Number(text ?? fallback)
    if (Number.isInteger(value) && value >= 1 && value <= highest) return value
    warnings.push(`${name} must be a whole number from 1 to ${highest}, not "${text}".`)
    return fallback
  }
  const maxQueueSize = whole('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, HIGHEST_QUEUE)
  const batch = whole('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, HIGHEST_QUEUE)
  return {
    scheduledDelayMillis: whole('OTEL_BSP_SCHEDULE_DELAY', 5_000, HIGHEST_DELAY_MS),
    exportTimeoutMillis: whole('OTEL_BSP_EXPORT_TIMEOUT', 30_000, HIGHEST_DELAY_MS),
    maxQueueSize,
    maxExportBatchSize: Math.min(batch, maxQueueSize),
  }
}
