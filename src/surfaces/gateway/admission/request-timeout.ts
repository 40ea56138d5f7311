import type { IncomingHttpHeaders } from 'node:http'
import { invalid } from '../parse-request.ts'

/** Set by Envoy and the meshes built on it: how long the caller's proxy still waits. */
const ENVOY_HEADER = 'x-envoy-expected-rq-timeout-ms'
/** The header of gRPC, whose meaning is the same over plain HTTP. */
const GRPC_HEADER = 'grpc-timeout'

/** Milliseconds of a unit of `grpc-timeout` (gRPC over HTTP/2, "Timeout"). */
const GRPC_UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}

/**
 * How long the caller gives a request over HTTP, in milliseconds from its arrival: the shorter of
 * `grpc-timeout` (such as `250m`) and Envoy's `x-envoy-expected-rq-timeout-ms`; undefined when it
 * says neither. Envoy's 0 means "for ever", as there.
 * @throws BODY_INVALID when a header is no such number
 */
export function timeoutOfHeaders(headers: IncomingHttpHeaders): number | undefined {
  const grpc = headers[GRPC_HEADER]
  const envoy = headers[ENVOY_HEADER]
  // Most requests say nothing.
  if (grpc === undefined && envoy === undefined) return undefined
  const given = [
    grpc === undefined ? undefined : grpcTimeout(String(grpc)),
    envoy === undefined ? undefined : envoyTimeout(String(envoy)),
  ].filter((timeout) => timeout !== undefined)
  return given.length === 0 ? undefined : Math.min(...given)
}

function grpcTimeout(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? []
  const unitMs = GRPC_UNIT_MS[unit]
  if (digits === undefined || unitMs === undefined) {
    throw invalid(
      `the header ${GRPC_HEADER}`,
      'at most 8 digits and a unit of H, M, S, m, u, n',
      text,
    )
  }
  return Number(digits) * unitMs
}

function envoyTimeout(text: string): number | undefined {
  if (!/^\d{1,12}$/.test(text)) {
    throw invalid(`the header ${ENVOY_HEADER}`, 'whole milliseconds', text)
  }
  return Number(text) === 0 ? undefined : Number(text)
}
