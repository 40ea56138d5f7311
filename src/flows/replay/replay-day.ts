import type { FeatureTable, FeatureView } from '../../core/records/index.ts'
import type { OnlineRow } from '../../platform/storage/index.ts'
import { availabilityStream } from '../../stages/features/index.ts'
import type { Platform } from '../platform.ts'
import type { GatewayClient, ReplayedRequest } from './gateway-client.ts'
import type { History } from './history.ts'

interface Arrival {
  readonly view: string
  readonly atMs: number
  readonly row: OnlineRow
}

async function arrivalsOf(
  platform: Platform,
  view: { readonly name: string; readonly definition: FeatureView; readonly table: FeatureTable },
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<Arrival[]> {
  const { artifacts, engine } = platform
  const arrivals: Arrival[] = []
  const stream = availabilityStream({
    table: view.table,
    view: view.definition,
    ...span,
    artifacts,
    engine,
  })
  for await (const batch of stream) {
    for (const { availableAtMs, ...row } of batch) {
      arrivals.push({ view: view.name, atMs: availableAtMs, row })
    }
  }
  return arrivals
}

/** Feature values of all online views that become available in a span, in order of time. */
export async function arrivals(
  platform: Platform,
  history: History,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<Arrival[]> {
  const all: Arrival[] = []
  for (const [name, table] of Object.entries(history.tables)) {
    const definition = platform.project.featureViews[name]
    if (!definition?.online) continue
    for (const arrival of await arrivalsOf(platform, { name, definition, table }, span))
      all.push(arrival)
  }
  return all.sort((a, b) => a.atMs - b.atMs)
}

async function publish(platform: Platform, due: readonly Arrival[]): Promise<void> {
  const byView = new Map<string, OnlineRow[]>()
  for (const { view, row } of due) {
    const rows = byView.get(view)
    if (rows === undefined) byView.set(view, [row])
    else rows.push(row)
  }
  for (const [view, rows] of byView) await platform.online.put(view, rows)
}

/** Requests of the same instant, in order of time. */
function byInstant(requests: readonly ReplayedRequest[]): ReplayedRequest[][] {
  const groups: ReplayedRequest[][] = []
  for (const request of requests) {
    const last = groups.at(-1)
    if (last?.[0]?.timeMs === request.timeMs) last.push(request)
    else groups.push([request])
  }
  return groups
}

/**
 * One day: before each instant's requests go out, every feature value available by then is put
 * online, so that the gateway sees what was known, and no more.
 * @returns the number of requests answered.
 */
export async function replayDay(
  platform: Platform,
  { history, client }: { readonly history: History; readonly client: GatewayClient },
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<number> {
  const due = await arrivals(platform, history, span)
  const requests = await history.requests(span.fromMs, span.toMs)
  let next = 0
  for (const group of byInstant(requests)) {
    platform.signal.throwIfAborted()
    const now = group[0]?.timeMs ?? 0
    const first = next
    while (next < due.length && (due[next]?.atMs ?? 0) <= now) next++
    await publish(platform, due.slice(first, next))
    await Promise.all(group.map((request) => client.infer(request)))
  }
  await publish(platform, due.slice(next))
  return requests.length
}
