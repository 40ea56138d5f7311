import { Pool } from 'undici'
import type { LabelEntry } from '../../core/records/index.ts'
import { flowErrors } from '../errors.ts'
import type { GatewayMeasurements } from '../watch.ts'

export type RequestValue = number | string | boolean | null

export interface ReplayedRequest {
  readonly id: string
  readonly timeMs: number
  readonly inputs: Readonly<Record<string, RequestValue>>
}

interface VersionStatistics {
  readonly requests: number
  readonly errors: number
}

export interface GatewayStatistics {
  /** By version number. */
  readonly versions: Readonly<Record<string, VersionStatistics>>
  readonly process: { readonly residentMemoryMb: number; readonly cpuSeconds: number }
}

/** The few calls a replay makes, over kept-alive connections. */
export interface GatewayClient {
  infer(request: ReplayedRequest): Promise<void>
  sendLabels(labels: readonly LabelEntry[]): Promise<void>
  reload(): Promise<void>
  statistics(): Promise<GatewayStatistics>
  measurements(wallClockMs: number): Promise<Omit<GatewayMeasurements, 'errors'>>
  close(): Promise<void>
}

function datatype(value: RequestValue): 'FP64' | 'BOOL' | 'BYTES' {
  if (typeof value === 'boolean') return 'BOOL'
  return typeof value === 'string' ? 'BYTES' : 'FP64'
}

function body(request: ReplayedRequest, kinds: ReadonlyMap<string, 'FP64' | 'BYTES'>): string {
  const inputs = Object.entries(request.inputs).map(([name, value]) => ({
    name,
    shape: [1],
    datatype: value === null ? (kinds.get(name) ?? 'FP64') : datatype(value),
    data: [value],
  }))
  // A row is its own key where an A/B run goes by `parameters.key`.
  const parameters = { time: request.timeMs, key: request.id }
  return JSON.stringify({ id: request.id, parameters, inputs })
}

/** Connects to a gateway; `kinds` says how a column is sent when its value is missing. */
export function createGatewayClient(options: {
  readonly address: string
  readonly endpoint: string
  readonly connections: number
  readonly kinds: ReadonlyMap<string, 'FP64' | 'BYTES'>
}): GatewayClient {
  const { endpoint, kinds } = options
  const pool = new Pool(options.address, { connections: options.connections })
  const call = async (path: string, id: string, text?: string) => {
    const answer = await pool.request({
      method: text === undefined ? 'GET' : 'POST',
      path,
      ...(text === undefined
        ? {}
        : { body: text, headers: { 'content-type': 'application/json' } }),
    })
    const said = await answer.body.text()
    if (answer.statusCode >= 400) {
      throw flowErrors.REPLAY_REQUEST_FAILED({ id, status: answer.statusCode, answer: said })
    }
    return said
  }
  const statistics = async () =>
    JSON.parse(
      await call(`/v1/endpoints/${endpoint}/statistics`, 'statistics'),
    ) as GatewayStatistics
  return {
    statistics,
    async infer(request) {
      await call(`/v2/models/${endpoint}/infer`, request.id, body(request, kinds))
    },
    async sendLabels(labels) {
      for (let i = 0; i < labels.length; i += 1_000) {
        const part = labels.slice(i, i + 1_000)
        const text = JSON.stringify({
          labels: part.map(({ id, label, timeMs }) => ({ id, label, time: timeMs })),
        })
        await call('/v1/labels', 'labels', text)
      }
    },
    async reload() {
      await call(`/v1/endpoints/${endpoint}/reload`, 'reload', '{}')
    },
    async measurements(wallClockMs) {
      const now = await statistics()
      return { resources: now.process, wallClockMs }
    },
    close: () => pool.close(),
  }
}
