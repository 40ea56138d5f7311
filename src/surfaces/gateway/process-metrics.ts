import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { counter, family, gauge, type Sample } from './exposition.ts'

/** What Prometheus is told of the process, by the names that dashboards for Node know. */
export interface ProcessMetrics {
  text(): string
}

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>

const RESOLUTION_MS = 10
const NANOSECONDS = 1e9

/**
 * The names are those of `prom-client`'s default metrics, so that dashboards made for them work. The
 * event loop is watched from the first time that somebody asks; as there, its figures are those
 * since the last time, and hold the watch's own interval of 10 ms.
 */
export function createProcessMetrics(): ProcessMetrics {
  let delay: DelayHistogram | undefined
  let lagSeconds = 0

  function measureLag(): void {
    const begunMs = performance.now()
    setImmediate(() => {
      lagSeconds = (performance.now() - begunMs) / 1_000
    })
  }

  measureLag()
  return {
    text() {
      if (delay === undefined) {
        delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
        delay.enable()
      }
      const text = [
        processorMetrics(),
        memoryMetrics(),
        fileMetrics(),
        eventLoopMetrics(delay, lagSeconds),
        runtimeMetrics(),
      ].join('')
      delay.reset()
      measureLag()
      return text
    },
  }
}

function processorMetrics(): string {
  const { user, system } = process.cpuUsage()
  const startedAtSeconds = (Date.now() - process.uptime() * 1_000) / 1_000
  return [
    counter('process_cpu_user_seconds_total', 'Processor time of the program itself.', user / 1e6),
    counter(
      'process_cpu_system_seconds_total',
      'Processor time of the system for it.',
      system / 1e6,
    ),
    counter('process_cpu_seconds_total', 'Processor time of the process.', (user + system) / 1e6),
    gauge(
      'process_start_time_seconds',
      'Start of the process in seconds since 1970.',
      Math.round(startedAtSeconds),
    ),
  ].join('')
}

function memoryMetrics(): string {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  const spaces = getHeapSpaceStatistics()
  const bySpace = (value: (space: (typeof spaces)[number]) => number): Sample[] =>
    spaces.map((space) => ['', { space: space.space_name.replace(/_space$/, '') }, value(space)])
  return [
    gauge('process_resident_memory_bytes', 'Resident memory of the process.', rss),
    gauge('nodejs_heap_size_total_bytes', 'Size of the heap of JavaScript.', heapTotal),
    gauge('nodejs_heap_size_used_bytes', 'What of the heap is used.', heapUsed),
    gauge('nodejs_external_memory_bytes', 'Memory outside the heap that objects hold.', external),
    family({
      name: 'nodejs_heap_space_size_total_bytes',
      type: 'gauge',
      help: 'Size of each space of the heap.',
      samples: bySpace(({ space_size }) => space_size),
    }),
    family({
      name: 'nodejs_heap_space_size_used_bytes',
      type: 'gauge',
      help: 'What of each space of the heap is used.',
      samples: bySpace(({ space_used_size }) => space_used_size),
    }),
    family({
      name: 'nodejs_heap_space_size_available_bytes',
      type: 'gauge',
      help: 'What of each space of the heap is free.',
      samples: bySpace(({ space_available_size }) => space_available_size),
    }),
  ].join('')
}

/** Left out where the system does not tell: they need `/proc`. */
function fileMetrics(): string {
  try {
    const open = readdirSync('/proc/self/fd').length
    const [, limit = ''] =
      /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    const highest = limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
    return [
      gauge('process_open_fds', 'Open files and sockets.', open),
      gauge('process_max_fds', 'How many files and sockets may be open.', highest),
    ].join('')
  } catch {
    return ''
  }
}

function eventLoopMetrics(delay: DelayHistogram, lagSeconds: number): string {
  const name = (part: string) => `nodejs_eventloop_lag${part}_seconds`
  const seconds = (nanoseconds: number) =>
    delay.count === 0 ? Number.NaN : nanoseconds / NANOSECONDS
  const quantile = (percent: number) =>
    gauge(
      name(`_p${percent}`),
      `The event loop's turns: quantile ${percent / 100} since the last look.`,
      seconds(delay.percentile(percent)),
    )
  return [
    gauge(name(''), "Wait for the event loop's next turn, at the last look.", lagSeconds),
    gauge(name('_min'), "The event loop's shortest turn since the last look.", seconds(delay.min)),
    gauge(name('_max'), "The event loop's longest turn since the last look.", seconds(delay.max)),
    gauge(name('_mean'), "The event loop's mean turn since the last look.", seconds(delay.mean)),
    gauge(
      name('_stddev'),
      "Standard deviation of the event loop's turns since the last look.",
      seconds(delay.stddev),
    ),
    ...[50, 90, 99].map(quantile),
  ].join('')
}

function runtimeMetrics(): string {
  const byType = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) {
    byType.set(type, (byType.get(type) ?? 0) + 1)
  }
  const total = [...byType.values()].reduce((sum, n) => sum + n, 0)
  const { version } = process
  const [major = '', minor = '', patch = ''] = version.slice(1).split('.')
  return [
    family({
      name: 'nodejs_active_resources',
      type: 'gauge',
      help: 'What keeps the process alive, by type.',
      samples: [...byType].map(([type, n]): Sample => ['', { type }, n]),
    }),
    gauge('nodejs_active_resources_total', 'What keeps the process alive.', total),
    family({
      name: 'nodejs_version_info',
      type: 'gauge',
      help: 'The version of Node.',
      samples: [['', { version, major, minor, patch }, 1]],
    }),
  ].join('')
}
