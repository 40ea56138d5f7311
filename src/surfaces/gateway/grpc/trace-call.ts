import { type Metadata, status } from '@grpc/grpc-js'
import type { Attributes, RequestTrace, Telemetry } from '../../../platform/telemetry/index.ts'

/** Statuses that the conventions hold to be the server's failure; others are the caller's. */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
])

/** Begins the span of a call by the RPC conventions of OpenTelemetry; health checks have none. */
export function traceCall(
  telemetry: Telemetry | undefined,
  call: { readonly metadata: Metadata; getPath(): string; getHost(): string },
): RequestTrace | undefined {
  const method = call.getPath().slice(1)
  if (telemetry === undefined || isHealth(method)) return undefined
  return telemetry.begin({
    name: method,
    carrier: {
      traceparent: call.metadata.get('traceparent').map(String)[0],
      tracestate: call.metadata.get('tracestate').map(String),
    },
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': method,
      'network.protocol.version': '2',
      ...hostAttributes(call.getHost()),
    },
  })
}

/** Ends the span of a call with the status that the call ends with. */
export function endCallTrace(trace: RequestTrace | undefined, code: status = status.OK): void {
  const failed = FAILURES.has(code)
  const name = status[code]
  trace?.end({
    failed,
    attributes: { 'rpc.status_code': name, ...(failed ? { 'error.type': name } : {}) },
  })
}

function isHealth(method: string): boolean {
  return method.startsWith('grpc.health.') || /\/(?:Server|Model)(?:Live|Ready)$/.test(method)
}

/** The authority that the caller named, as host and port. */
function hostAttributes(authority: string): Attributes {
  const url = URL.canParse(`http://${authority}`) ? new URL(`http://${authority}`) : undefined
  if (url === undefined) return {}
  const port = url.port === '' ? {} : { 'server.port': Number(url.port) }
  return { 'server.address': url.hostname, ...port }
}
