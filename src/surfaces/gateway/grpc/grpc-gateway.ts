import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { PlatformError } from '../../../core/errors/index.ts'
import type { RequestTrace, Telemetry } from '../../../platform/telemetry/index.ts'
import { type CallFacts, callFacts } from '../admission/admit-call.ts'
import type { Ongoing, RequestCounter } from '../count-requests.ts'
import type { EndpointService } from '../endpoint-service.ts'
import { isOwnFault, platformError } from '../error-reply.ts'
import { gatewayErrors } from '../errors.ts'
import {
  type CallHandler,
  type CallHandlers,
  type CallPermission,
  type HandlerParts,
  openInferenceHandlers,
} from './call-handlers.ts'
import { callFailure } from './call-status.ts'
import { isMalformed, loadServices, type Malformed } from './service-definitions.ts'
import { endCallTrace, traceCall } from './trace-call.ts'

/** An endpoint as permissions know it. */
export interface EndpointSubject {
  readonly project: string
  readonly endpoint: string
  /** For the audit trail. */
  readonly subject: string
}

export interface GrpcOptions {
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
  /** Bytes of a message. */
  readonly maxMessageBytes: number
  /**
   * Who calls, and which of the endpoints it may; throws when none. Health is told to everybody.
   * @param authorization the values of the metadata of that name
   * @param about the endpoint that is asked for, or all of them
   */
  readonly authorize: (call: {
    readonly authorization: readonly string[]
    readonly from: string
    readonly permission: CallPermission
    readonly about: readonly EndpointSubject[]
  }) => Promise<{
    /** The account's name; undefined where nobody logs in. */
    readonly caller?: string | undefined
    readonly allowed: readonly EndpointSubject[]
  }>
  /** Told of faults of the gateway itself. */
  readonly logger?: ((message: string, cause: unknown) => void) | undefined
  /** Where calls are traced to. @default nowhere */
  readonly telemetry?: Telemetry | undefined
}

/** The endpoints over gRPC, on a port of their own. */
export interface GrpcGateway {
  /** Such as `127.0.0.1:8081`. */
  readonly address: string
  /** Answers what is under way, for at most ten seconds, then ends. */
  close(): Promise<void>
}

const CLOSE_WITHIN_MS = 10_000
const MAX_STREAMS = 1_000
const MAX_HEADER_BYTES = 16_384
const KEEPALIVE_EVERY_MS = 60_000
const KEEPALIVE_WITHIN_MS = 20_000
const CLOSE_IDLE_MS = 600_000

export interface GrpcParts extends HandlerParts {
  readonly counter: RequestCounter
}

/** @throws GATEWAY_ADDRESS_TAKEN */
export async function startGrpcGateway(
  parts: GrpcParts,
  options: GrpcOptions,
): Promise<GrpcGateway> {
  const server = new Server({
    // Peers that vanished are found, and connections that ask nothing are closed: each holds memory.
    'grpc.keepalive_time_ms': KEEPALIVE_EVERY_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_WITHIN_MS,
    'grpc.max_connection_idle_ms': CLOSE_IDLE_MS,
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.max_metadata_size': MAX_HEADER_BYTES,
  })
  const handlers = openInferenceHandlers(parts)
  for (const [name, definition] of loadServices()) {
    server.addService(definition, implement(handlers[name] ?? {}, parts, options))
  }
  const address = await bind(server, options)
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), CLOSE_WITHIN_MS)
        server.tryShutdown(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
  }
}

function bind(server: Server, { host = '127.0.0.1', port }: GrpcOptions): Promise<string> {
  const name = host.includes(':') ? `[${host}]` : host
  return new Promise((resolve, reject) => {
    server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (cause, bound) => {
      if (cause === null) resolve(`${name}:${bound}`)
      else reject(gatewayErrors.GATEWAY_ADDRESS_TAKEN({ host, port, reason: cause.message }, cause))
    })
  })
}

type Call = ServerUnaryCall<object, object>

function implement(
  handlers: CallHandlers,
  parts: GrpcParts,
  options: GrpcOptions,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (call: Call, callback: sendUnaryData<object>) => {
        const trace = traceCall(options.telemetry, call)
        answer(call, handler, { ...parts, options, trace }).then(
          (response) => {
            endCallTrace(trace)
            callback(null, response)
          },
          (error: unknown) => {
            const failure = failureOf(error, options)
            if (isOwnFault(failure)) options.logger?.(failure.message, error)
            const ending = callFailure(failure, trace)
            endCallTrace(trace, ending.code)
            callback(ending)
          },
        )
      },
    ]),
  )
}

interface CallParts extends GrpcParts {
  readonly options: GrpcOptions
  readonly trace: RequestTrace | undefined
}

async function answer(call: Call, handler: CallHandler, parts: CallParts): Promise<object> {
  const message: object | Malformed = call.request
  const { seen, facts } = await allowed(call, handler, parts)
  const run = async (ongoing: Ongoing) => {
    if (isMalformed(message)) {
      throw gatewayErrors.REQUEST_REFUSED({ reason: 'its bytes are no such message' })
    }
    return handler.handle(message, { ongoing, seen, facts, trace: parts.trace })
  }
  if (handler.isInference !== true) return run({ model: undefined, version: null, rows: 0 })
  return parts.counter.count(run, (error) => failureOf(error, parts.options).status)
}

/** Who calls, and the endpoints it may know of: the one it names, or all that it may ask. */
async function allowed(
  call: Call,
  { permission, concerns }: CallHandler,
  { endpoints, options }: CallParts,
): Promise<{ readonly seen: readonly EndpointService[]; readonly facts: CallFacts }> {
  // Peers are written as host:port.
  const from = call.getPeer().replace(/:\d+$/, '')
  if (permission === null) return { seen: endpoints.all, facts: callFacts(call, undefined, from) }
  const name = isMalformed(call.request) ? undefined : concerns(call.request)
  const named = name === undefined ? undefined : endpoints.get(name)
  const asked = named === undefined ? endpoints.all : [named]
  const authorization = call.metadata.get('authorization').map(String)
  const about = asked.map(subjectOf)
  const { caller, allowed } = await options.authorize({ authorization, from, permission, about })
  const names = new Set(allowed.map(({ endpoint }) => endpoint))
  const seen = asked.filter((service) => names.has(service.name))
  return { seen, facts: callFacts(call, caller, from) }
}

function subjectOf({ name, project }: EndpointService): EndpointSubject {
  return { project, endpoint: name, subject: `endpoint/${name}` }
}

function failureOf(error: unknown, { maxMessageBytes }: GrpcOptions): PlatformError {
  return platformError(error, { contentType: 'application/grpc', bodyLimit: maxMessageBytes })
}
