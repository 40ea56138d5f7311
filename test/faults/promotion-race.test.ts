import { afterEach, expect, test } from 'vitest'
import { canarySchema, type RolloutDecision } from '../../src/core/records/index.ts'
import { promoteVersion } from '../../src/stages/registry/index.ts'
import type { GatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { DIALECTS } from '../../src/testkit/index.ts'
import {
  type Answer,
  ask,
  expectedOf,
  type GatewayProcesses,
  keptConnection,
  openGatewayProcesses,
  untilTrue,
} from '../serving/fixtures/gateway-processes.ts'

const ROUNDS = 3
const CLIENTS = 2
const canary = canarySchema.parse({ kind: 'canary', steps: [50], bake: '1h' })

let processes: GatewayProcesses | undefined
afterEach(() => processes?.dispose())

/** Registers versions that may be rolled out. */
async function addFitVersions({ store, addVersion, project }: GatewayScene): Promise<void> {
  await store.put('verdict', 'verdict_1', {
    id: 'verdict_1',
    outcome: 'yes',
    candidate: 'fixture',
    evaluation: 'evaluation_1',
    champion: null,
    policyDigest: 'c'.repeat(64),
    criteria: [],
    reasons: [],
  })
  for (let round = 0; round < ROUNDS; round++) {
    const { version } = await addVersion(`of round ${round}`)
    for (const environment of ['development', 'staging'] as const) {
      const entry = { store, model: project.name, version, environment, by: 'ana', reason: 'fit' }
      await promoteVersion({ ...entry, atMs: Date.now() })
    }
  }
}

async function send(url: string, action: string, body: object = {}) {
  const response = await fetch(`${url}/v1/endpoints/delays/rollout/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ reason: `${action} in a race`, ...body }),
  })
  const text = await response.text()
  const outcome: { readonly decision?: RolloutDecision; readonly code?: string } = JSON.parse(text)
  return { status: response.status, ...outcome }
}

async function tell<T>(url: string, place = ''): Promise<T> {
  const headers = { connection: 'close' }
  return (await (await fetch(`${url}/v1/endpoints/delays${place}`, { headers })).json()) as T
}

interface Serving {
  readonly serving: { readonly stable: number; readonly canary: object | null }
}

/** Asks both gateways without a pause, and keeps what was answered since the last look. */
function load(urls: readonly string[]) {
  let answers: (Answer & { readonly row: number })[] = []
  let isOver = false
  let asked = 0
  const running = Promise.all(
    urls.flatMap((url) =>
      Array.from({ length: CLIENTS }, async () => {
        const agent = keptConnection()
        while (!isOver) {
          const row = asked++
          answers.push({ ...(await ask(url, { row, id: `race-${row}`, agent })), row })
        }
        agent.destroy()
      }),
    ),
  )
  running.catch(() => {})
  const take = () => {
    const taken = answers
    answers = []
    return taken
  }
  return {
    take,
    /** What is answered from now on, so many of them, leaving out what was under way. */
    async fresh(count: number) {
      const before = answers.length + urls.length * CLIENTS
      await untilTrue(() => answers.length >= before + count)
      return answers.slice(before)
    },
    async stop() {
      isOver = true
      await running
      return take()
    },
  }
}

test.each(DIALECTS)(
  'a promotion that races with an abort at another gateway, under load, on %s',
  {
    timeout: 120_000,
  },
  async (dialect) => {
    processes = await openGatewayProcesses(dialect)
    await addFitVersions(processes.scene)
    const servers = [await processes.start(), await processes.start()]
    const [first = '', second = ''] = servers.map(({ url }) => url)
    const traffic = load([first, second])
    const all: (Answer & { readonly row: number })[] = []
    const accepted: string[] = []
    let stable = 1
    const bothServe = (isSo: (told: Serving) => boolean) =>
      untilTrue(async () => {
        const told = await Promise.all([first, second].map((url) => tell<Serving>(url)))
        return told.every(isSo)
      })
    for (let round = 0; round < ROUNDS; round++) {
      const challenger = round + 2
      // Before it is rolled out nobody is answered by it.
      const before = await traffic.fresh(20)
      expect(new Set(before.map(({ version }) => version))).toEqual(new Set([stable]))
      const started = await send(first, 'start', { version: challenger, strategy: canary })
      expect(started).toMatchObject({ status: 200 })
      await bothServe(({ serving }) => serving.canary !== null)
      all.push(...traffic.take())
      const during = await traffic.fresh(20)
      expect(new Set(during.map(({ version }) => version))).toEqual(new Set([stable, challenger]))

      const race = [
        { url: first, action: 'promote' },
        { url: second, action: 'abort' },
      ]
      const order = round % 2 === 0 ? race : race.toReversed()
      const outcomes = await Promise.all(order.map(({ url, action }) => send(url, action)))
      const won = outcomes.filter(({ status }) => status === 200)
      expect(won).toHaveLength(1)
      const lost = outcomes.find(({ status }) => status !== 200)
      expect(lost).toMatchObject({ status: 409, code: 'NO_ROLLOUT_UNDER_WAY' })
      const decision = won[0]?.decision
      accepted.push(started.decision?.id ?? '', decision?.id ?? '')
      const after = decision?.action === 'complete' ? challenger : stable
      expect(decision?.action).toBe(after === challenger ? 'complete' : 'roll-back')
      await bothServe(({ serving }) => serving.canary === null && serving.stable === after)
      all.push(...traffic.take())
      const late = await traffic.fresh(20)
      expect(new Set(late.map(({ version }) => version))).toEqual(new Set([after]))
      stable = after
    }
    all.push(...(await traffic.stop()))
    expect(all.filter(({ status }) => status !== 200)).toEqual([])
    const wrong = all.filter(
      ({ row, probability }) => Math.abs(probability - expectedOf(row)) > 1e-4,
    )
    expect(wrong).toEqual([])
    const { decisions } = await tell<{ readonly decisions: readonly RolloutDecision[] }>(
      second,
      '/rollout/decisions',
    )
    const known = decisions.map(({ id }) => id).filter((id) => accepted.includes(id))
    expect(known.toSorted()).toEqual(accepted.toSorted())
  },
)
