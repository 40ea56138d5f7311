import { expect, test } from 'vitest'
import { timeoutOfHeaders } from './request-timeout.ts'

test.each([
  [{}, undefined],
  [{ 'grpc-timeout': '250m' }, 250],
  [{ 'grpc-timeout': '2S' }, 2_000],
  [{ 'grpc-timeout': '1500u' }, 1.5],
  [{ 'grpc-timeout': '0m' }, 0],
  [{ 'x-envoy-expected-rq-timeout-ms': '900' }, 900],
  [{ 'x-envoy-expected-rq-timeout-ms': '0' }, undefined],
  [{ 'grpc-timeout': '1S', 'x-envoy-expected-rq-timeout-ms': '900' }, 900],
  [{ 'grpc-timeout': '1S', 'x-envoy-expected-rq-timeout-ms': '0' }, 1_000],
])('the headers %o give a request %s ms', (headers, timeoutMs) => {
  expect(timeoutOfHeaders(headers)).toBe(timeoutMs)
})

test.each([
  { 'grpc-timeout': '250' },
  { 'grpc-timeout': '-1S' },
  { 'grpc-timeout': '123456789m' },
  { 'grpc-timeout': '' },
  { 'x-envoy-expected-rq-timeout-ms': '1.5' },
  { 'x-envoy-expected-rq-timeout-ms': 'soon' },
])('the headers %o are refused', (headers) => {
  expect(() => timeoutOfHeaders(headers)).toThrow(
    expect.objectContaining({ code: 'BODY_INVALID', status: 400 }),
  )
})
