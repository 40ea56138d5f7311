import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ENDPOINT } from '../serving/bench-project.ts'

const COMMAND_LINE = fileURLToPath(new URL('../../src/surfaces/cli/main.ts', import.meta.url))
const BASE = `/v1/endpoints/${ENDPOINT}`
/** Never over by itself. */
const CANARY = { kind: 'canary', steps: [20, 60], bake: 86_400_000, minRequests: 1_000_000_000 }

export interface SwitchOptions {
  readonly port: number
  /** Of the project. */
  readonly folder: string
  readonly versions: readonly number[]
  readonly everyMs: number
  /** Draws from [0, 1). */
  readonly random: () => number
  readonly isOver: () => boolean
  readonly onChange: (line: string) => void
}

/** How often each change was made, and what was refused. */
export interface Switches {
  readonly made: Readonly<Record<string, number>>
  readonly refused: readonly string[]
}

interface EndpointStatus {
  readonly state: { readonly stable: number; readonly state: string }
}

type Change = 'blue-green' | 'canary' | 'rollback' | 'promote' | 'abort'

/** Changes which version answers, again and again, as people and programs would: over the API. */
export async function switchVersions(options: SwitchOptions): Promise<Switches> {
  const { everyMs, random, isOver, onChange } = options
  const made: Record<string, number> = {}
  const refused: string[] = []
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, everyMs))
    if (isOver()) break
    const { state } = await ask<EndpointStatus>(options, 'GET', BASE)
    const change = chooseChange(state.state, random())
    const others = options.versions.filter((version) => version !== state.stable)
    const version = others[Math.floor(random() * others.length)] ?? 1
    try {
      await carryOut(options, change, version)
      made[change] = (made[change] ?? 0) + 1
      onChange(`${change}${change === 'blue-green' || change === 'canary' ? ` of ${version}` : ''}`)
    } catch (error) {
      // The endpoint's own watch may have decided in between; an overloaded server may put it off.
      const reason = `${change}: ${String(error)}`.slice(0, 500)
      refused.push(reason)
      onChange(`refused: ${reason}`)
    }
  }
  return { made, refused }
}

function chooseChange(state: string, draw: number): Change {
  if (state !== 'stable') return draw < 0.5 ? 'promote' : 'abort'
  if (draw < 0.4) return 'blue-green'
  return draw < 0.85 ? 'canary' : 'rollback'
}

async function carryOut(options: SwitchOptions, change: Change, version: number): Promise<void> {
  const reason = 'the soak test'
  if (change === 'rollback') {
    const args = ['rollback', 'production', '--project', options.folder, '--reason', reason]
    await promisify(execFile)(process.execPath, [COMMAND_LINE, ...args])
    return
  }
  const isStart = change === 'blue-green' || change === 'canary'
  const strategy = change === 'canary' ? CANARY : { kind: 'blue-green' }
  const path = `${BASE}/rollout/${isStart ? 'start' : change}`
  await ask(options, 'POST', path, isStart ? { version, strategy, reason } : { reason })
}

async function ask<T>(
  { port }: SwitchOptions,
  method: 'GET' | 'POST',
  path: string,
  ...[body]: readonly object[]
): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status}: ${text}`)
  return JSON.parse(text) as T
}
