import type { FastifyError } from 'fastify'
import { isPlatformError, type PlatformError } from '../../core/errors/index.ts'

/** An error as MLflow's clients read it. */
export interface MlflowError {
  readonly status: number
  readonly body: { readonly error_code: string; readonly message: string }
}

/** MLflow's words, where the status alone does not say them. */
const BY_CODE: Readonly<Record<string, readonly [errorCode: string, status: number]>> = {
  EXPERIMENT_EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  RUN_EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  LOGGED_MODEL_EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  MODEL_EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  MODEL_BELONGS_ELSEWHERE: ['RESOURCE_ALREADY_EXISTS', 400],
  // MLflow says so for a missing alias; its client asks for exactly this.
  ALIAS_NOT_FOUND: ['INVALID_PARAMETER_VALUE', 400],
  MLFLOW_ENDPOINT_UNKNOWN: ['ENDPOINT_NOT_FOUND', 404],
}

const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  413: 'INVALID_PARAMETER_VALUE',
  415: 'INVALID_PARAMETER_VALUE',
  422: 'INVALID_PARAMETER_VALUE',
  429: 'REQUEST_LIMIT_EXCEEDED',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
  507: 'RESOURCE_EXHAUSTED',
}

/** Faults of the system are told without paths, hosts or queries. */
const SYSTEM_TEXTS: Readonly<Record<number, string>> = {
  503: 'The server cannot reach its database just now. Try again in a moment.',
  507: 'The storage of the server is full. Its operator must make room; nothing was kept.',
}
const INTERNAL = 'The server failed to answer this request. Its error output says why.'

/** What was thrown while answering, by the framework or by the platform, in MLflow's words. */
export function mlflowError(error: unknown): MlflowError {
  return isPlatformError(error) ? platformReply(error) : frameworkReply(error)
}

function platformReply(error: PlatformError): MlflowError {
  const [code, status] = (Object.hasOwn(BY_CODE, error.code) && BY_CODE[error.code]) || [
    BY_STATUS[error.status] ?? 'INTERNAL_ERROR',
    error.status,
  ]
  if (error.blame === 'system') return reply(status, code, SYSTEM_TEXTS[status] ?? INTERNAL)
  return reply(status, code, `${error.message} ${error.hint}`)
}

function frameworkReply(error: unknown): MlflowError {
  const { statusCode, message } = (error ?? {}) as Partial<FastifyError>
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) {
    return reply(500, 'INTERNAL_ERROR', INTERNAL)
  }
  const text = `The request is refused: ${(message ?? 'no reason given').slice(0, 200)}`
  return reply(statusCode, BY_STATUS[statusCode] ?? 'BAD_REQUEST', text)
}

function reply(status: number, errorCode: string, message: string): MlflowError {
  return { status, body: { error_code: errorCode, message } }
}
