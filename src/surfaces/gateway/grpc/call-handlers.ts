import type { AnswerParts } from '../answer-request.ts'
import type { Ongoing } from '../count-requests.ts'
import { gatewayErrors } from '../errors.ts'
import { describeModel, requireModel, revisionOf, serverMetadata } from '../health-routes.ts'
import { infer } from '../infer.ts'
import { indexRepository, loadModel, unloadModel } from '../rest/repository.ts'
import type { ModelAddress, ModelInferRequest, RepositoryChange } from './messages.ts'
import { plainParameters, readInfer } from './read-infer.ts'
import { writeInfer } from './write-infer.ts'

export type CallPermission = 'endpoints:predict' | 'endpoints:manage'

export interface CallHandler {
  /** Null for everybody. */
  readonly permission: CallPermission | null
  /** Counted as an inference request. @default false */
  readonly isInference?: boolean
  handle(message: object, ongoing: Ongoing): object | Promise<object>
}

/** By method. */
export type CallHandlers = Readonly<Record<string, CallHandler>>

type HandlerParts = AnswerParts & { readonly release: string }

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
  handle: (message: T, ongoing: Ongoing) => object | Promise<object>,
): CallHandler {
  // The service's definition has decoded the message into this very type.
  return { permission, handle: (message, ongoing) => handle(message as T, ongoing) }
}

function metadataHandlers({ endpoint, release }: HandlerParts): CallHandlers {
  return {
    ServerLive: handler(null, () => ({ live: true })),
    ServerReady: handler(null, () => ({ ready: endpoint.ready })),
    ServerMetadata: handler('endpoints:predict', () => serverMetadata(release)),
    ModelReady: handler('endpoints:predict', (message: ModelAddress) => {
      requireModel(endpoint, message.name)
      return { ready: message.version === '' ? endpoint.ready : isLoaded(message) }
    }),
    ModelMetadata: handler('endpoints:predict', (message: ModelAddress) => {
      requireModel(endpoint, message.name)
      return describeModel(endpoint, revisionOf(endpoint, addressOf(message)))
    }),
  }

  function isLoaded(message: ModelAddress): boolean {
    return revisionOf(endpoint, addressOf(message)) !== undefined
  }
}

function addressOf({ name, version }: ModelAddress) {
  return version === '' ? { name } : { name, version }
}

function inferHandler(parts: HandlerParts): CallHandler {
  const base = handler('endpoints:predict', async (message: ModelInferRequest, ongoing) => {
    requireModel(parts.endpoint, message.model_name)
    const answer = await infer(parts, {
      request: readInfer(message, parts),
      version: message.model_version === '' ? undefined : message.model_version,
      onChosen: (version) => {
        ongoing.version = version
      },
    })
    ongoing.rows = answer.answers.length
    return writeInfer(answer, { isRaw: message.raw_input_contents.length > 0 })
  })
  return { ...base, isInference: true }
}

function repositoryHandlers({ endpoint }: HandlerParts): CallHandlers {
  const wishOf = ({ model_name: model, parameters }: RepositoryChange) => ({
    model,
    parameters: plainParameters(parameters),
  })
  return {
    RepositoryIndex: handler('endpoints:predict', ({ ready }: { readonly ready: boolean }) => ({
      models: indexRepository(endpoint, { readyOnly: ready }),
    })),
    RepositoryModelLoad: handler('endpoints:manage', async (message: RepositoryChange) => {
      await loadModel(endpoint, wishOf(message))
      return {}
    }),
    RepositoryModelUnload: handler('endpoints:manage', async (message: RepositoryChange) => {
      await unloadModel(endpoint, wishOf(message))
      return {}
    }),
  }
}

function healthHandler({ endpoint }: HandlerParts): CallHandler {
  return handler(null, ({ service }: { readonly service: string }) => {
    if (service !== '' && service !== SERVICE) {
      throw gatewayErrors.MODEL_UNKNOWN({ model: service.slice(0, 200), known: [SERVICE] })
    }
    return { status: endpoint.ready ? 'SERVING' : 'NOT_SERVING' }
  })
}
