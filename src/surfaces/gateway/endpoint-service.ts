import type { PredictionLog } from '../../platform/prediction-log/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'
import { createGate, type Gate } from './admission/gate.ts'
import type { AnswerParts } from './answer-request.ts'
import type { ComputePlaces } from './compute-places.ts'
import type { RequestCounter } from './count-requests.ts'
import type { EndpointFigures, EndpointStatistics } from './endpoint-statistics.ts'
import { statisticsOfTally, tallyOf } from './endpoint-tally.ts'
import { createPayloadLog } from './events/payload-log.ts'
import { createFeatureLookup, type FeatureLookup } from './features/look-up-features.ts'
import type { EndpointOptions } from './gateway-options.ts'
import { gatherInputs } from './gather-inputs.ts'
import { createLiveSettings, type LiveSettings, type ProjectReading } from './live-settings.ts'
import { createLogWriter } from './log-writer.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { createMirror, type Mirror } from './mirror.ts'
import type { ProcessMetrics } from './process-metrics.ts'
import type { RolloutParts } from './rollout-parts.ts'
import {
  createServedEndpoint,
  type EndpointDescription,
  type ServedEndpoint,
} from './served-endpoint.ts'
import type { Statistics } from './statistics.ts'

/** One project's endpoint: what answers, apart from the doors that it answers through. */
export interface EndpointService {
  /** The endpoint's name. */
  readonly name: string
  readonly project: string
  readonly endpoint: ServedEndpoint
  /** What every door answers with. */
  readonly inference: EndpointInference
  readonly rollout: RolloutParts
  readonly figures: EndpointFigures
  /** Warms up what the endpoint's state asks for, then follows that state. */
  start(): Promise<void>
  /** Reads the endpoint's state again; new versions are warm before they answer. */
  reload(): Promise<EndpointDescription>
  report(): EndpointDescription
  /**
   * Takes over what the project file says now, as far as it can be changed while the endpoint runs.
   * @returns what is worth telling an operator, a line each
   */
  takeSettings(reading: ProjectReading): readonly string[]
  statistics(): EndpointStatistics
  /** Ends following and unloads; after the server has answered what was under way. */
  close(): Promise<void>
}

export interface EndpointInference extends AnswerParts {
  readonly log: PredictionLog
}

/** What the endpoints of a gateway have in common. */
export interface SharedParts {
  readonly statistics: Statistics
  readonly counter: RequestCounter
  readonly startedAtMs: number
  readonly processMetrics: ProcessMetrics
  /** Of all models. */
  readonly places: ComputePlaces
  /** Of all models in memory. */
  readonly budget: MemoryBudget
}

export function createEndpointService(
  options: EndpointOptions,
  shared: SharedParts,
): EndpointService {
  const { project, clock, log, store } = options
  const settings = createLiveSettings(project)
  const sources = { ...options, policy: () => settings.policy, places: shared.places }
  const endpoint = createServedEndpoint(endpointName(project), sources, {
    budget: shared.budget,
    isPinned: options.isPinned ?? false,
  })
  const payloads =
    options.payloadLog === undefined ? undefined : createPayloadLog(options.payloadLog, clock)
  const features = createFeatureLookup(options.online, () => settings.policy)
  const mirror = mirrorOf(endpoint, { options, features, settings })
  const gate = gateOf(endpoint, { options, settings })
  const figures = { ...shared, endpoint, payloads, mirror, features, gate, settings }
  const report = () => {
    const told = endpoint.report()
    const predictionLog = settings.policy.predictionLog.keep
    return { ...told, predictionLog, problems: [...told.problems, ...settings.problems] }
  }
  const inference: EndpointInference = {
    endpoint,
    counter: shared.counter,
    payloads,
    features,
    log,
    writeLog: createLogWriter(log, () => settings.policy.predictionLog),
    clock,
    // Read at each request: it changes while the endpoint runs.
    get policy() {
      return settings.policy
    },
    mirror,
    gate,
    acceptRequestTime: options.acceptRequestTime ?? false,
  }
  let polling: NodeJS.Timeout | undefined
  return {
    name: endpoint.name,
    project: project.name,
    endpoint,
    inference,
    rollout: { project, store, log, clock, endpoint },
    figures,
    async start() {
      await endpoint.follow()
      polling = setInterval(() => void endpoint.follow(), options.pollEveryMs ?? 1_000)
      polling.unref()
    },
    async reload() {
      await endpoint.follow({ retry: true })
      return report()
    },
    report,
    takeSettings: (reading) => settings.take(reading),
    statistics: () => statisticsOfTally(tallyOf(figures)),
    async close() {
      clearInterval(polling)
      gate.close()
      await mirror.close()
      await endpoint.close()
      await payloads?.close()
    },
  }
}

function gateOf(
  { name }: ServedEndpoint,
  parts: { readonly options: EndpointOptions; readonly settings: LiveSettings },
): Gate {
  const { options, settings } = parts
  return createGate({
    endpoint: name,
    policy: () => settings.policy,
    observers: options.observers,
    onFault: (error) => options.logger?.('An observer of requests failed.', error),
  })
}

/** What a shadow is shown, with the features and the settings of the moment. */
function mirrorOf(
  endpoint: ServedEndpoint,
  parts: {
    readonly options: EndpointOptions
    readonly features: FeatureLookup
    readonly settings: LiveSettings
  },
): Mirror {
  const { options, features, settings } = parts
  return createMirror({
    endpoint,
    log: options.log,
    keeps: () => settings.policy.predictionLog.keep === 'all',
    gather: async (request, revision, timeMs) => {
      const gathering = { features, policy: settings.policy }
      const { inputs } = await gatherInputs(gathering, request, { revision, timeMs })
      return inputs
    },
    onFailure: (error) => options.logger?.('What a shadow showed was not written down.', error),
  })
}
