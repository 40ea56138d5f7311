import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { PlatformError } from '../../../core/errors/index.ts'
import type { AnswerParts } from '../answer-request.ts'
import { platformError } from '../error-reply.ts'
import { gatewayErrors } from '../errors.ts'
import { type CallHandlers, type CallPermission, openInferenceHandlers } from './call-handlers.ts'
import { callFailure } from './call-status.ts'
import { isMalformed, loadServices, type Malformed } from './service-definitions.ts'

export interface GrpcOptions {
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes any free port. */
  readonly port: number
  /** Bytes of a message. */
  readonly maxMessageBytes: number
  /**
   * Whether a caller may; throws when not. Health is told to everybody.
   * @param authorization the values of the metadata of that name
   */
  readonly authorize: (call: {
    readonly authorization: readonly string[]
    readonly from: string
    readonly permission: CallPermission
  }) => Promise<void>
  /** Told of faults of the gateway itself. */
  readonly logger?: ((message: string, cause: unknown) => void) | undefined
}

/** The endpoint over gRPC, on a port of its own. */
export interface GrpcGateway {
  /** Such as `127.0.0.1:8081`. */
  readonly address: string
  /** Answers what is under way, for at most ten seconds, then ends. */
  close(): Promise<void>
}

const CLOSE_WITHIN_MS = 10_000
const MAX_STREAMS = 1_000
const MAX_HEADER_BYTES = 16_384

/** @throws GATEWAY_ADDRESS_TAKEN */
export async function startGrpcGateway(
  parts: AnswerParts & { readonly release: string },
  options: GrpcOptions,
): Promise<GrpcGateway> {
  const server = new Server({
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
  { counter }: AnswerParts,
  options: GrpcOptions,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, { permission, isInference, handle }]) => [
      name,
      (call: Call, callback: sendUnaryData<object>) => {
        const message: object | Malformed = call.request
        const run = async (ongoing: { version: number | null; rows: number }) => {
          if (isMalformed(message)) {
            throw gatewayErrors.REQUEST_REFUSED({ reason: 'its bytes are no such message' })
          }
          return handle(message, ongoing)
        }
        const answer = async () => {
          if (permission !== null) await allow(call, permission, options)
          if (isInference === true) return counter.count(run, (e) => failureOf(e, options).status)
          return run({ version: null, rows: 0 })
        }
        answer().then(
          (response) => callback(null, response),
          (error: unknown) => {
            const failure = failureOf(error, options)
            if (failure.status >= 500) options.logger?.(failure.message, error)
            callback(callFailure(failure))
          },
        )
      },
    ]),
  )
}

function allow(call: Call, permission: CallPermission, { authorize }: GrpcOptions): Promise<void> {
  const authorization = call.metadata.get('authorization').map(String)
  // Peers are written as host:port.
  const from = call.getPeer().replace(/:\d+$/, '')
  return authorize({ authorization, from, permission })
}

function failureOf(error: unknown, { maxMessageBytes }: GrpcOptions): PlatformError {
  return platformError(error, { contentType: 'application/grpc', bodyLimit: maxMessageBytes })
}
