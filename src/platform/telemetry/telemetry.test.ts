import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type OtlpReceiver, openOtlpReceiver } from './fixtures/otlp-receiver.ts'
import { openTelemetry, type Telemetry } from './index.ts'

let receiver: OtlpReceiver
let opened: Telemetry[]
let told: string[]

beforeEach(async () => {
  receiver = await openOtlpReceiver()
  opened = []
  told = []
})
afterEach(async () => {
  await Promise.all(opened.map((telemetry) => telemetry.close()))
  await receiver.close()
})

async function open(variables: Readonly<Record<string, string>> = {}): Promise<Telemetry> {
  const telemetry = await openTelemetry({
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...variables,
    },
    release: '1.2.3',
    tell: (message) => told.push(message),
  })
  if (telemetry === undefined) throw new Error('nothing is traced')
  opened.push(telemetry)
  return telemetry
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'
const carried = (flags: string) => ({
  traceparent: `00-${TRACE}-${CALLER}-${flags}`,
  tracestate: 'shop=a1',
})
const start = (name: string, carrier = {}) => ({ name, carrier, attributes: { kind: 'test' } })
const fine = { failed: false, attributes: { 'http.response.status_code': 200 } }

test('a request is a span of the server, and its parts are children one after another', async () => {
  const telemetry = await open({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test%201' })
  const trace = telemetry.begin(start('POST /infer'))
  trace.enter('first', { rows: 2 })
  trace.enter('second')
  trace.leave()
  trace.end(fine)
  const spans = await receiver.expectSpans(3)
  const [request, first, second] = ['POST /infer', 'first', 'second'].map((name) =>
    spans.find((span) => span.name === name),
  )
  expect(request).toMatchObject({
    kind: 2,
    traceId: trace.traceId,
    parentSpanId: undefined,
    status: 0,
    attributes: { kind: 'test', 'http.response.status_code': 200 },
    resource: {
      'service.name': 'esteira',
      'service.version': '1.2.3',
      'deployment.environment.name': 'test 1',
      'telemetry.sdk.language': 'nodejs',
    },
  })
  expect(first).toMatchObject({
    kind: 1,
    parentSpanId: request?.spanId,
    attributes: { rows: 2 },
  })
  expect(second).toMatchObject({ kind: 1, traceId: trace.traceId, parentSpanId: request?.spanId })
  expect(second?.startNs).toBeGreaterThanOrEqual(first?.endNs ?? 0n)
  expect(request?.endNs).toBeGreaterThanOrEqual(second?.endNs ?? 0n)
})

test('a part under way is where a failed request failed, and a later end is not heard', async () => {
  const telemetry = await open({ OTEL_SERVICE_NAME: 'shop' })
  const trace = telemetry.begin(start('POST /infer'))
  trace.enter('done')
  trace.enter('failing')
  trace.end({ failed: true, attributes: { 'error.type': '503' } })
  trace.end(fine)
  trace.enter('too late')
  const spans = await receiver.expectSpans(3)
  expect(Object.fromEntries(spans.map(({ name, status }) => [name, status]))).toEqual({
    'POST /infer': 2,
    done: 0,
    failing: 2,
  })
  expect(spans[0]?.resource['service.name']).toBe('shop')
})

test('the context of a caller is taken up and handed on', async () => {
  const telemetry = await open()
  const trace = telemetry.begin(start('POST /infer', carried('01')))
  const headers = trace.headers()
  trace.end(fine)
  const [span] = await receiver.expectSpans(1)
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, traceState: 'shop=a1' })
  expect(headers).toEqual({
    traceparent: `00-${TRACE}-${span?.spanId}-01`,
    tracestate: 'shop=a1',
  })
})

test.each(['', 'none', `00-${'0'.repeat(32)}-${CALLER}-01`, `ff-${TRACE}-${CALLER}-01`])(
  'a context that is none (%j) begins a trace of its own',
  async (traceparent) => {
    const telemetry = await open()
    const trace = telemetry.begin(start('GET /', { traceparent }))
    trace.end(fine)
    const [span] = await receiver.expectSpans(1)
    expect(span?.parentSpanId).toBeUndefined()
    expect(trace.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
    expect(trace.traceId).not.toBe(TRACE)
  },
)

test("a caller's decision not to sample holds, and is handed on", async () => {
  const telemetry = await open()
  const silent = telemetry.begin(start('unsampled', carried('00')))
  silent.enter('part')
  silent.end(fine)
  expect(silent.headers().traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  telemetry.begin(start('sampled', carried('01'))).end(fine)
  await telemetry.close()
  expect(receiver.spans.map(({ name }) => name)).toEqual(['sampled'])
})

test('a share of the traces is kept, each whole or not at all', async () => {
  const telemetry = await open({
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
  })
  const kept = new Set<string>()
  for (let i = 0; i < 200; i++) {
    const trace = telemetry.begin(start('request'))
    trace.enter('part')
    trace.end(fine)
    if (trace.headers().traceparent?.endsWith('-01')) kept.add(trace.traceId)
  }
  await telemetry.close()
  const count = (name: string) => receiver.spans.filter((span) => span.name === name).length
  expect([count('request'), count('part')]).toEqual([kept.size, kept.size])
  expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(kept)
  // Outside with a chance below 1e-9.
  expect(kept.size).toBeGreaterThan(55)
  expect(kept.size).toBeLessThan(145)
})

test('what is queued is sent at the end', async () => {
  const telemetry = await open({ OTEL_BSP_SCHEDULE_DELAY: '600000' })
  for (let i = 0; i < 700; i++) telemetry.begin(start('request')).end(fine)
  await telemetry.close()
  expect(receiver.spans).toHaveLength(700)
})

test('a receiver that refuses is told once, and once when it takes spans again', async () => {
  const telemetry = await open()
  receiver.behave('refuse')
  for (let batch = 1; batch <= 3; batch++) {
    telemetry.begin(start('lost')).end(fine)
    await expect.poll(() => receiver.batches).toBe(batch)
  }
  receiver.behave('take')
  telemetry.begin(start('kept')).end(fine)
  await expect.poll(() => told.length).toBe(2)
  expect(told).toEqual([
    'Traces cannot be sent, requests go on without: the receiver answered 400.',
    'Traces are sent again; 3 spans were lost.',
  ])
  expect(receiver.spans.map(({ name }) => name)).toEqual(['kept'])
})

test('a receiver that never answers costs a bounded queue, and the end comes all the same', async () => {
  const telemetry = await open({
    OTEL_BSP_MAX_QUEUE_SIZE: '10',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  })
  receiver.behave('silent')
  for (let i = 0; i < 5_000; i++) telemetry.begin(start('request')).end(fine)
  await expect.poll(() => receiver.batches).toBe(1)
  await telemetry.close()
  // One batch was under way, and the queue held ten more.
  expect(receiver.batches).toBeLessThanOrEqual(3)
}, 30_000)

test('the SDK is loaded only when something is traced', async () => {
  const module = new URL('./index.ts', import.meta.url)
  const program = `
    import { registerHooks } from 'node:module'
    let loaded = 0
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith('@opentelemetry/')) loaded++
      return next(name, context)
    } })
    const { openTelemetry } = await import('${module.href}')
    const open = (environment) => openTelemetry({ environment, release: '1', tell() {} })
    const off = [await open({}), await open({ OTEL_SDK_DISABLED: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: '${receiver.url}' })]
    const whenOff = loaded
    await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '${receiver.url}' })
    console.log(JSON.stringify({ off: off.every((it) => it === undefined), whenOff, loaded }))`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
  const { off, whenOff, loaded } = JSON.parse(stdout)
  expect({ off, whenOff }).toEqual({ off: true, whenOff: 0 })
  expect(loaded).toBeGreaterThan(0)
})
