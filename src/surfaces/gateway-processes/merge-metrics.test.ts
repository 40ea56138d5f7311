import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeMetrics, sumOfEnded } from './merge-metrics.ts'

const TEXT = `# HELP esteira_gateway_requests_total Inference requests.
# TYPE esteira_gateway_requests_total counter
esteira_gateway_requests_total{model="a b } c",code="200"} 3
esteira_gateway_requests_total{model="a b } c",code="400"} 1
# HELP esteira_gateway_request_duration_seconds Time.
# TYPE esteira_gateway_request_duration_seconds histogram
esteira_gateway_request_duration_seconds_bucket{le="0.1"} 2
esteira_gateway_request_duration_seconds_bucket{le="+Inf"} 3
esteira_gateway_request_duration_seconds_sum 0.5
esteira_gateway_request_duration_seconds_count 3
# HELP esteira_gateway_in_flight Under way.
# TYPE esteira_gateway_in_flight gauge
esteira_gateway_in_flight 4
# HELP esteira_gateway_configuration_valid Whether the settings hold.
# TYPE esteira_gateway_configuration_valid gauge
esteira_gateway_configuration_valid 1
# HELP process_resident_memory_bytes Memory.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 100
# HELP nodejs_eventloop_lag_seconds Lag.
# TYPE nodejs_eventloop_lag_seconds gauge
nodejs_eventloop_lag_seconds{quantile="0.5"} 0.25
`

test('counters, histograms and gauges add up over processes; each keeps what is its own', () => {
  const other = TEXT.replace('configuration_valid 1\n', 'configuration_valid 0\n')
  const merged = mergeMetrics([
    { worker: '1', text: TEXT },
    { worker: '2', text: other },
  ])
  expect(merged).toContain('esteira_gateway_requests_total{model="a b } c",code="200"} 6\n')
  expect(merged).toContain('esteira_gateway_requests_total{model="a b } c",code="400"} 2\n')
  expect(merged).toContain('duration_seconds_bucket{le="+Inf"} 6\n')
  expect(merged).toContain('duration_seconds_sum 1\n')
  expect(merged).toContain('esteira_gateway_in_flight 8\n')
  expect(merged).toContain('esteira_gateway_configuration_valid 0\n')
  expect(merged).toContain('process_resident_memory_bytes{worker="1"} 100\n')
  expect(merged).toContain('process_resident_memory_bytes{worker="2"} 100\n')
  expect(merged).toContain('nodejs_eventloop_lag_seconds{worker="2",quantile="0.5"} 0.25\n')
  expect(merged.match(/^# TYPE /gm)).toHaveLength(6)
})

test('a process that ended leaves its counters and histograms, and nothing else', () => {
  const ended = sumOfEnded(sumOfEnded('', TEXT), TEXT)
  const merged = mergeMetrics([{ worker: '3', text: TEXT }], ended)
  expect(merged).toContain('esteira_gateway_requests_total{model="a b } c",code="200"} 9\n')
  expect(merged).toContain('duration_seconds_count 9\n')
  expect(merged).toContain('esteira_gateway_in_flight 4\n')
  expect(merged).not.toContain('process_resident_memory_bytes{worker="1"}')
})

test('the merged counter is the sum of all processes, whichever of them have ended', () => {
  const textOf = (n: number) => `# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} ${n}\n`
  fc.assert(
    fc.property(fc.array(fc.nat(1_000)), fc.array(fc.nat(1_000)), (living, ended) => {
      fc.pre(living.length + ended.length > 0)
      const merged = mergeMetrics(
        living.map((n, i) => ({ worker: String(i), text: textOf(n) })),
        ended.reduce((sum, n) => sumOfEnded(sum, textOf(n)), ''),
      )
      const sum = [...living, ...ended].reduce((a, b) => a + b, 0)
      expect(merged).toBe(textOf(sum))
    }),
  )
})
