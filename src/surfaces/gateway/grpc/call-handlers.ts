import type { RequestTrace } from '../../../platform/telemetry/index.ts'
import { type CallFacts, runAdmittedCall } from '../admission/admit-call.ts'
import type { Ongoing } from '../count-requests.ts'
import type { EndpointDirectory } from '../endpoint-directory.ts'
import type { EndpointService } from '../endpoint-service.ts'
import { gatewayErrors } from '../errors.ts'
import {
  describeModel,
  isAnyReady,
  isModelReady,
  revisionOf,
  serverMetadata,
} from '../health-routes.ts'
import { infer } from '../infer.ts'
import { indexRepository, loadModel, unloadModel } from '../rest/repository.ts'
import type { ModelAddress, ModelInferRequest, RepositoryChange } from './messages.ts'
import { plainParameters, readInfer } from './read-infer.ts'
import { writeInfer } from './write-infer.ts'

export type CallPermission = 'endpoints:predict' | 'endpoints:manage'

/** What a handler knows of its call beside the message. */
export interface CallContext {
  readonly ongoing: Ongoing
  /** The endpoints that the caller may know of. */
  readonly seen: readonly EndpointService[]
  /** Undefined when nothing is traced. */
  readonly trace: RequestTrace | undefined
  /** Who calls, and for how long it waits. */
  readonly facts: CallFacts
}

export interface CallHandler {
  /** Null for everybody. */
  readonly permission: CallPermission | null
  /** Counted as an inference request. @default false */
  readonly isInference?: boolean
  /** The name of the endpoint that a message is about; undefined when it is about all of them. */
  concerns(message: object): string | undefined
  handle(message: object, context: CallContext): object | Promise<object>
}

/** By method. */
export type CallHandlers = Readonly<Record<string, CallHandler>>

export interface HandlerParts {
  readonly endpoints: EndpointDirectory
  readonly release: string
}

const SERVICE = 'inference.GRPCInferenceService'

/** What each method of each service does, by the service's full name. */
export function openInferenceHandlers(parts: HandlerParts): Readonly<Record<string, CallHandlers>> {
  return {
    [SERVICE]: {
      ...metadataHandlers(parts),
      ...repositoryHandlers(parts),
      ModelInfer: inferHandler(parts),
    },
    'grpc.health.v1.Health': { Check: healthHandler(parts) },
  }
}

function handler<T>(
  permission: CallPermission | null,
  handle: (message: T, context: CallContext) => object | Promise<object>,
  nameOf: (message: T) => string | undefined = () => undefined,
): CallHandler {
  // The service's definition has decoded the message into this very type.
  return {
    permission,
    concerns: (message) => nameOf(message as T),
    handle: (message, context) => handle(message as T, context),
  }
}

function metadataHandlers({ endpoints, release }: HandlerParts): CallHandlers {
  const nameOf = ({ name }: ModelAddress) => name
  const find = ({ name }: ModelAddress, { seen }: CallContext) =>
    endpoints.find(name, () => seen).endpoint
  const modelReady = (message: ModelAddress, context: CallContext) => ({
    ready: isModelReady(find(message, context), versionOf(message.version)),
  })
  const modelMetadata = (message: ModelAddress, context: CallContext) => {
    const endpoint = find(message, context)
    const version = versionOf(message.version)
    return describeModel(endpoint, revisionOf(endpoint, version === undefined ? {} : { version }))
  }
  return {
    ServerLive: handler(null, () => ({ live: true })),
    ServerReady: handler(null, () => ({ ready: isAnyReady(endpoints.all) })),
    ServerMetadata: handler('endpoints:predict', () => serverMetadata(release)),
    ModelReady: handler('endpoints:predict', modelReady, nameOf),
    ModelMetadata: handler('endpoints:predict', modelMetadata, nameOf),
  }
}

/** Messages have no absent texts: an empty one says nothing. */
function versionOf(version: string): string | undefined {
  return version === '' ? undefined : version
}

function inferHandler({ endpoints }: HandlerParts): CallHandler {
  const base = handler(
    'endpoints:predict',
    async (message: ModelInferRequest, { ongoing, seen, trace, facts }) => {
      const { inference, name } = endpoints.find(message.model_name, () => seen)
      ongoing.model = name
      return runAdmittedCall(inference.gate, facts, async ({ deadline, caller }) => {
        const request = readInfer(message, inference)
        if (request.timeoutMs !== undefined) deadline.shorten(request.timeoutMs)
        const answer = await infer(inference, {
          request,
          version: versionOf(message.model_version),
          trace,
          deadline,
          onChosen: (version) => {
            ongoing.version = version
          },
        })
        ongoing.rows = answer.answers.length
        inference.gate.answered(caller, answer)
        return writeInfer(answer, { isRaw: message.raw_input_contents.length > 0 })
      })
    },
    (message) => message.model_name,
  )
  return { ...base, isInference: true }
}

function repositoryHandlers({ endpoints }: HandlerParts): CallHandlers {
  const nameOf = ({ model_name }: RepositoryChange) => model_name
  const change =
    (apply: typeof loadModel) =>
    async ({ model_name: model, parameters }: RepositoryChange, { seen }: CallContext) => {
      const { endpoint } = endpoints.find(model, () => seen)
      await apply(endpoint, { parameters: plainParameters(parameters) })
      return {}
    }
  const index = ({ ready }: { readonly ready: boolean }, { seen }: CallContext) => ({
    models: seen.flatMap(({ endpoint }) => indexRepository(endpoint, { readyOnly: ready })),
  })
  return {
    RepositoryIndex: handler('endpoints:predict', index),
    RepositoryModelLoad: handler('endpoints:manage', change(loadModel), nameOf),
    RepositoryModelUnload: handler('endpoints:manage', change(unloadModel), nameOf),
  }
}

function healthHandler({ endpoints }: HandlerParts): CallHandler {
  return handler(null, ({ service }: { readonly service: string }) => {
    if (service !== '' && service !== SERVICE) {
      throw gatewayErrors.MODEL_UNKNOWN({ model: service.slice(0, 200), known: [SERVICE] })
    }
    return { status: isAnyReady(endpoints.all) ? 'SERVING' : 'NOT_SERVING' }
  })
}
