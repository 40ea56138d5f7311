import type { Gate } from './admission/gate.ts'
import type { PayloadCounts } from './events/payload-log.ts'
import { family, gauge, type Labels, type Sample } from './exposition.ts'
import type { FeatureCounts } from './features/feature-counts.ts'
import type { LoadCounts } from './held-revision.ts'
import { EXPORTED_SECONDS } from './latency-histogram.ts'
import type { MirrorCounts } from './mirror.ts'
import type { ModelCounts } from './statistics.ts'

export interface MetricsFacts {
  readonly counts: readonly ModelCounts[]
  readonly inFlight: number
  readonly endpoints: readonly EndpointFacts[]
  /** Of the process as a whole. */
  readonly process: string
}

/** What is told of each endpoint. */
export interface EndpointFacts {
  readonly name: string
  readonly loadedRevisions: number
  /** In memory or not. */
  readonly revisions: readonly { readonly version: number; readonly memoryBytes: number }[]
  readonly modelLoads: Readonly<LoadCounts>
  /** Undefined without a payload log. */
  readonly payloads: PayloadCounts | undefined
  readonly mirrored: MirrorCounts
  readonly features: FeatureCounts
  /** Whether the project file as it is now could be taken over. */
  readonly hasValidSettings: boolean
  readonly gate: Pick<Gate, 'admission' | 'counts'>
}

/** The text exposition format of Prometheus, version 0.0.4. */
export function prometheusText(facts: MetricsFacts): string {
  const labelled = facts.counts.map(({ model, version, counts }) => ({
    labels: { model, version: version ?? '' },
    counts,
  }))
  return [
    family({
      name: 'esteira_gateway_requests_total',
      type: 'counter',
      help: 'Inference requests by model, version and status code.',
      samples: labelled.flatMap(({ labels, counts }) =>
        [...counts.byStatus].map(([code, n]): Sample => ['', { ...labels, code }, n]),
      ),
    }),
    family({
      name: 'esteira_gateway_request_duration_seconds',
      type: 'histogram',
      help: 'Time from request to answer of the successful inference requests.',
      samples: labelled.flatMap(({ labels, counts }) => durationSamples(labels, counts)),
    }),
    family({
      name: 'esteira_gateway_predictions_total',
      type: 'counter',
      help: 'Rows predicted, answered and logged.',
      samples: labelled.map(({ labels, counts }): Sample => ['', labels, counts.predictions]),
    }),
    payloadEvents(facts.endpoints),
    featureLookups(facts.endpoints),
    family({
      name: 'esteira_gateway_mirrored_total',
      type: 'counter',
      help: 'Rows shown to a shadow, and requests that failed there or found the queue full.',
      samples: facts.endpoints.flatMap(({ name, mirrored }) => byResult(name, mirrored)),
    }),
    validSettings(facts.endpoints),
    gauge('esteira_gateway_in_flight', 'Inference requests under way.', facts.inFlight),
    ...(facts.endpoints.length === 0 ? [] : gateFamilies(facts.endpoints)),
    family({
      name: 'esteira_gateway_loaded_revisions',
      type: 'gauge',
      help: 'Revisions in memory.',
      samples: facts.endpoints.map(
        ({ name, loadedRevisions }): Sample => ['', { model: name }, loadedRevisions],
      ),
    }),
    ...modelFamilies(facts.endpoints),
    facts.process,
  ].join('')
}

function validSettings(endpoints: readonly EndpointFacts[]): string {
  return family({
    name: 'esteira_gateway_configuration_valid',
    type: 'gauge',
    help: '1 when the project file could be taken over, 0 when it was refused.',
    samples: endpoints.map(
      ({ name, hasValidSettings }): Sample => ['', { model: name }, hasValidSettings ? 1 : 0],
    ),
  })
}

function featureLookups(endpoints: readonly EndpointFacts[]): string {
  const samples = endpoints.flatMap(({ name, features }) =>
    [...features].flatMap(([view, counts]) =>
      Object.entries(counts).map(([result, n]): Sample => ['', { model: name, view, result }, n]),
    ),
  )
  if (samples.length === 0) return ''
  return family({
    name: 'esteira_gateway_feature_lookups_total',
    type: 'counter',
    help: 'Rows whose features were looked up, by view and result; late and failed ones fell back.',
    samples,
  })
}

function payloadEvents(endpoints: readonly EndpointFacts[]): string {
  const samples = endpoints.flatMap(({ name, payloads }) =>
    payloads === undefined ? [] : byResult(name, payloads),
  )
  if (samples.length === 0) return ''
  return family({
    name: 'esteira_gateway_payload_events_total',
    type: 'counter',
    help: 'Events of the payload log by result; a dropped one found the queue full.',
    samples,
  })
}

/** What stands before each endpoint. */
function gateFamilies(endpoints: readonly EndpointFacts[]): string[] {
  const each = (value: (gate: EndpointFacts['gate']) => number): Sample[] =>
    endpoints.map(({ name, gate }) => ['', { model: name }, value(gate)])
  const refused = endpoints.flatMap(({ name, gate: { counts } }): Sample[] => [
    ['', { model: name, reason: 'overloaded' }, counts.overloaded],
    ['', { model: name, reason: 'rate' }, counts.rateLimited],
    ['', { model: name, reason: 'probing' }, counts.probingRefused],
  ])
  return [
    family({
      name: 'esteira_gateway_places_taken_highest',
      type: 'gauge',
      help: 'The most requests that were worked on at once since the start.',
      samples: each(({ admission }) => admission.highestInFlight),
    }),
    family({
      name: 'esteira_gateway_refused_total',
      type: 'counter',
      help: 'Requests refused before their model call, by reason.',
      samples: refused,
    }),
    family({
      name: 'esteira_gateway_probing_suspicions_total',
      type: 'counter',
      help: 'Windows of a caller that look like an attempt to copy the model.',
      samples: each(({ counts }) => counts.suspicions),
    }),
    family({
      name: 'esteira_gateway_unobserved_total',
      type: 'counter',
      help: 'Answered requests that no observer saw, because too many waited.',
      samples: each(({ counts }) => counts.unobserved),
    }),
  ]
}

/** What models take in memory, and how often they came and went. */
function modelFamilies(endpoints: readonly EndpointFacts[]): string[] {
  const each = (value: (counts: EndpointFacts['modelLoads']) => number): Sample[] =>
    endpoints.map(({ name, modelLoads }) => ['', { model: name }, value(modelLoads)])
  return [
    family({
      name: 'esteira_gateway_model_memory_bytes',
      type: 'gauge',
      help: 'About what the models in memory take; 0 for one that is unloaded.',
      samples: endpoints.flatMap(({ name, revisions }) =>
        revisions.map(
          ({ version, memoryBytes }): Sample => ['', { model: name, version }, memoryBytes],
        ),
      ),
    }),
    family({
      name: 'esteira_gateway_model_loads_total',
      type: 'counter',
      help: 'Models that came into memory.',
      samples: each(({ loads }) => loads),
    }),
    family({
      name: 'esteira_gateway_model_load_failures_total',
      type: 'counter',
      help: 'Models that could not be loaded.',
      samples: each(({ failures }) => failures),
    }),
    family({
      name: 'esteira_gateway_model_unloads_total',
      type: 'counter',
      help: 'Models that left memory: for others, or because they are served no more.',
      samples: each(({ unloads }) => unloads),
    }),
  ]
}

function byResult(model: string, counts: object): Sample[] {
  return Object.entries(counts).map(([result, n]): Sample => ['', { model, result }, n])
}

function durationSamples(labels: Labels, { latency }: ModelCounts['counts']): Sample[] {
  const cumulative = latency.exported()
  return [
    ...EXPORTED_SECONDS.map((le, i): Sample => ['_bucket', { ...labels, le }, cumulative[i] ?? 0]),
    ['_bucket', { ...labels, le: '+Inf' }, latency.count],
    ['_sum', labels, latency.sumMs / 1_000],
    ['_count', labels, latency.count],
  ]
}
