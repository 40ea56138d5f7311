export { type CallOptions, type Calls, createClient, type EsteiraClient } from './client.ts'
export { ClientError } from './client-error.ts'
export {
  type AskOptions,
  createEndpointClient,
  type EndpointClient,
  type EndpointClientOptions,
  type LabelToSend,
  type PredictOptions,
} from './endpoint-client.ts'
export type {
  EndpointMetadata,
  Prediction,
  PredictionAnswer,
  PredictionExplanation,
} from './prediction-answer.ts'
export type { InputColumns, InputValue, PredictionInputs } from './prediction-inputs.ts'
export type { Progress } from './progress.ts'
export type { ClientOptions } from './transport.ts'
