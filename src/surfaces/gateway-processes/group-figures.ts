import {
  addTallies,
  type EndpointTally,
  statisticsOfTally,
  tallyOfEnded,
} from '../gateway/index.ts'
import { mergeMetrics, sumOfEnded } from './merge-metrics.ts'
import type { GroupFigures, ProcessFigures } from './messages.ts'

/** What stays of the processes that have ended. */
export type EndedFigures = ProcessFigures

export const NOBODY_ENDED: EndedFigures = { metrics: '', tallies: {} }

export interface Group {
  /** By what tells the processes apart, such as `1`. */
  readonly living: ReadonlyMap<string, ProcessFigures>
  readonly ended: EndedFigures
  /** Processes that answer. */
  readonly ready: number
  /** Processes that were started in place of ended ones. */
  readonly restarts: number
}

/** Adds a process that has ended to those before. */
export function addEnded(ended: EndedFigures, figures: ProcessFigures): EndedFigures {
  const tallies = Object.entries(figures.tallies).map(([endpoint, tally]) => {
    const before = ended.tallies[endpoint]
    const left = tallyOfEnded(tally)
    return [endpoint, before === undefined ? left : addTallies([before, left])]
  })
  return {
    metrics: sumOfEnded(ended.metrics, figures.metrics),
    tallies: { ...ended.tallies, ...Object.fromEntries(tallies) },
  }
}

/** All processes of a gateway as one. */
export function figuresOfGroup(group: Group): GroupFigures {
  const living = [...group.living].map(([worker, { metrics }]) => ({ worker, text: metrics }))
  const tallies = talliesOfGroup(group)
  return {
    metrics: mergeMetrics(living, group.ended.metrics) + groupMetrics(group),
    statistics: Object.fromEntries(
      Object.entries(tallies).map(([endpoint, tally]) => [endpoint, statisticsOfTally(tally)]),
    ),
  }
}

function talliesOfGroup({ living, ended }: Group): Readonly<Record<string, EndpointTally>> {
  const parts = [...living.values(), ended]
  const endpoints = new Set(parts.flatMap(({ tallies }) => Object.keys(tallies)))
  const sums = [...endpoints].map((endpoint) => {
    const [first, ...rest] = parts.flatMap(({ tallies }) => tallies[endpoint] ?? [])
    return first === undefined ? [] : [[endpoint, addTallies([first, ...rest])] as const]
  })
  return Object.fromEntries(sums.flat())
}

function groupMetrics({ living, ready, restarts }: Group): string {
  const answered = [...living].map(([worker, { tallies }]) => {
    const versions = Object.values(tallies).flatMap((tally) => Object.values(tally.versions))
    const requests = versions.reduce((sum, counts) => sum + counts.requests, 0)
    return `esteira_gateway_worker_requests_total{worker="${worker}"} ${requests}`
  })
  return [
    '# HELP esteira_gateway_workers Processes that answer.',
    '# TYPE esteira_gateway_workers gauge',
    `esteira_gateway_workers ${ready}`,
    '# HELP esteira_gateway_worker_restarts_total Processes started in place of ended ones.',
    '# TYPE esteira_gateway_worker_restarts_total counter',
    `esteira_gateway_worker_restarts_total ${restarts}`,
    '# HELP esteira_gateway_worker_requests_total Inference requests by process since its start.',
    '# TYPE esteira_gateway_worker_requests_total counter',
    ...answered,
    '',
  ].join('\n')
}
