import { expect, test } from 'vitest'
import { readSettings } from './read-settings.ts'

const ADDRESS = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }

test('nothing is traced unless an address is set, and nothing turns it off', () => {
  expect(readSettings({})).toEqual({ settings: undefined, warnings: [] })
  expect(readSettings({ OTEL_SERVICE_NAME: 'shop' }).settings).toBeUndefined()
  expect(readSettings({ ...ADDRESS, OTEL_SDK_DISABLED: 'TRUE' }).settings).toBeUndefined()
  expect(readSettings({ ...ADDRESS, OTEL_TRACES_EXPORTER: 'none' }).settings).toBeUndefined()
  expect(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }).settings).toBeUndefined()
})

test('the address of traces is taken as it is, and goes before the common root', () => {
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.test/in' }
  expect(readSettings(ADDRESS).settings?.url).toBe('http://collector:4318/v1/traces')
  expect(readSettings({ ...ADDRESS, ...own }).settings?.url).toBe('https://traces.test/in')
})

test.each([
  ['always_on', { root: 'always_on', parentBased: false, ratio: 1 }],
  ['parentbased_always_off', { root: 'always_off', parentBased: true, ratio: 1 }],
  ['traceidratio', { root: 'traceidratio', parentBased: false, ratio: 0.25 }],
  ['parentbased_traceidratio', { root: 'traceidratio', parentBased: true, ratio: 0.25 }],
  [undefined, { root: 'always_on', parentBased: true, ratio: 1 }],
])('the sampler %s is understood', (name, sampler) => {
  const set = { ...ADDRESS, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.25' }
  expect(readSettings(set)).toMatchObject({ settings: { sampler }, warnings: [] })
})

test.each([
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, /OTEL_TRACES_SAMPLER "jaeger_remote"/],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }, /_ARG .* not "7"/],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-1' }, /OTEL_BSP_MAX_QUEUE_SIZE .* not "-1"/],
])('a wrong value %o is told, and its default holds', (set, told) => {
  const { settings, warnings } = readSettings({ ...ADDRESS, ...set })
  expect(settings).toMatchObject({ sampler: { ratio: 1 }, queue: { maxQueueSize: 2_048 } })
  expect(warnings).toEqual([expect.stringMatching(told)])
})

test.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /grpc is not spoken.*4318/],
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /must be otlp or none/],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /no address/],
])('what cannot be spoken %o is told, and nothing is traced', (set, told) => {
  const { settings, warnings } = readSettings({ ...ADDRESS, ...set })
  expect(settings).toBeUndefined()
  expect(warnings).toEqual([expect.stringMatching(told)])
})

test('a batch is never larger than the queue', () => {
  const { settings } = readSettings({ ...ADDRESS, OTEL_BSP_MAX_QUEUE_SIZE: '10' })
  expect(settings?.queue).toMatchObject({ maxQueueSize: 10, maxExportBatchSize: 10 })
})
