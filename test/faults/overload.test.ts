import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'

const SCRIPT = fileURLToPath(
  new URL('../../src/surfaces/gateway/fixtures/serve-scene.ts', import.meta.url),
)
const PLACES = 8
const PREDICTIONS = `esteira_gateway_predictions_total{model="${ENDPOINT}",version="1"}`
const ROWS = 400
const body = JSON.stringify({
  inputs: [
    { name: 'distance', datatype: 'FP64', shape: [ROWS], data: Array(ROWS).fill(900) },
    { name: 'hour', datatype: 'FP64', shape: [ROWS], data: Array(ROWS).fill(12) },
    { name: 'carrier', datatype: 'BYTES', shape: [ROWS], data: Array(ROWS).fill('B6') },
    { name: 'origin', datatype: 'BYTES', shape: [ROWS], data: Array(ROWS).fill('JFK') },
  ],
})

let folder: string
let scene: GatewayScene
let child: ChildProcess | undefined
let url: string

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-overload-'))
  scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
})
afterEach(async () => {
  await end('SIGKILL')
  await scene.close()
  rmSync(folder, { recursive: true })
})

async function serve(limits: object): Promise<void> {
  child = spawn(process.execPath, [SCRIPT, folder, JSON.stringify({ limits })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  url = line.toString().trim()
}

async function end(signal: NodeJS.Signals): Promise<void> {
  const ending = child
  child = undefined
  if (ending === undefined) return
  const exit = once(ending, 'exit')
  ending.kill(signal)
  await exit
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly retryAfter: string | undefined
}

/** So many connections, each asking again as soon as it was answered, whatever the answer was. */
async function crowd(connections: number, each: number): Promise<Answer[]> {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const answers: Answer[] = []
  const connection = async () => {
    for (let i = 0; i < each; i++) {
      const answer = await pool.request({
        path: `/v2/models/${ENDPOINT}/infer`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const { code } = (await answer.body.json()) as { readonly code?: string }
      const retryAfter = answer.headers['retry-after']
      answers.push({ status: answer.statusCode, code, retryAfter: retryAfter?.toString() })
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  await pool.close()
  return answers
}

const withStatus = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status)

async function metrics(): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

function sample(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(name))
  return Number(line?.split(' ').at(-1) ?? Number.NaN)
}

describe('ten times as many callers as places', () => {
  it('are answered with predictions or told when to come back, and nothing is left behind', async () => {
    await serve({ maxInFlight: PLACES, deadline: '30s' })
    const before = await crowd(PLACES, 10)
    expect(withStatus(before, 200)).toHaveLength(PLACES * 10)

    const during = await crowd(PLACES * 10, 10)
    const answered = withStatus(during, 200)
    const refused = withStatus(during, 503)
    expect(answered.length + refused.length).toBe(during.length)
    expect(refused.length).toBeGreaterThan(0)
    // Places are never idle while callers wait: at least as many as fit at once are answered.
    expect(answered.length).toBeGreaterThanOrEqual(PLACES)
    for (const { code, retryAfter } of refused) {
      expect(code).toBe('OVERLOADED')
      expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
    }

    const text = await metrics()
    expect(sample(text, 'esteira_gateway_places_taken_highest')).toBe(PLACES)
    expect(sample(text, 'esteira_gateway_in_flight')).toBe(0)
    expect(
      sample(text, `esteira_gateway_refused_total{model="${ENDPOINT}",reason="overloaded"}`),
    ).toBe(refused.length)

    // As before: no place was lost, and whoever got no prediction left none in the log.
    const after = await crowd(PLACES, 10)
    expect(withStatus(after, 200)).toHaveLength(PLACES * 10)
    const predictions = (before.length + answered.length + after.length) * ROWS
    expect(sample(await metrics(), PREDICTIONS)).toBe(predictions)
    await end('SIGTERM')
    expect(await scene.log.count(ENDPOINT)).toBe(predictions)
  })

  it('get predictions within their deadline, or none', async () => {
    // As many places as callers: here only the deadlines keep the queue short.
    await serve({ maxInFlight: 10_000, deadline: '100ms' })
    const answers = await crowd(PLACES * 10, 10)
    const known = [200, 503, 504].flatMap((status) => withStatus(answers, status))
    expect(known).toHaveLength(answers.length)
    const text = await metrics()
    const duration = 'esteira_gateway_request_duration_seconds'
    const all = sample(text, `${duration}_count{model="${ENDPOINT}",version="1"}`)
    expect(all).toBe(withStatus(answers, 200).length)
    // The nearest bound of the histogram above the deadline; the server's own time, sending included.
    const bucket = new RegExp(
      `^${duration}_bucket\\{.*version="1",le="0\\.25".*\\} (\\d+)$`,
      'm',
    ).exec(text)
    expect(Number(bucket?.[1])).toBe(all)
    const late = await crowd(1, 5)
    expect(withStatus(late, 200)).toHaveLength(5)
  })
})
