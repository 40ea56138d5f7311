import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createWorkerPool } from './create-worker-pool.ts'
import {
  callOptions,
  fixtureFolder,
  removeFrames,
  trainRequest,
} from './fixtures/training-frame.ts'
import { ensurePythonEnvironment } from './python-environment.ts'
import type { TrainRequest, WorkerCallOptions, WorkerPool } from './worker-pool.ts'

let python: string
let pool: WorkerPool | undefined
beforeAll(async () => {
  python = (await ensurePythonEnvironment()).python
}, 600_000)
afterEach(async () => {
  await pool?.close()
  removeFrames()
})

/** Processes that `parent` has started and that have not ended. */
function childrenOf(parent: number | undefined): number[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.map(Number).filter((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return Number(fields[1]) === parent
    } catch {
      return false
    }
  })
}

const workers = (): number[] => childrenOf(process.pid).filter(isWorker)

function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('esteira_worker')
  } catch {
    return false
  }
}

async function faulty(mode: string): Promise<TrainRequest> {
  const request = await trainRequest('custom', 'binary-classification')
  return {
    ...request,
    candidate: { ...request.candidate, file: 'faulty.py', parameters: { mode } },
  }
}

/** The pool must be as good as new after a fault: the next call works, nothing is left over. */
async function expectStillSound(sound: WorkerPool): Promise<void> {
  const result = await sound.train(await trainRequest('baseline', 'regression'), callOptions())
  expect(result.trainingRows).toBe(600)
  expect(workers()).toHaveLength(1)
  await sound.close()
  expect(workers()).toEqual([])
}

describe('a worker that', () => {
  it.each([
    ['crashes', 'crash', {}, 'WORKER_CRASHED', /exit code 3.*about to leave/],
    ['is killed', 'kill', {}, 'WORKER_CRASHED', /SIGKILL/],
    ['eats memory', 'eat', { memoryLimitMb: 500 }, 'WORKER_OUT_OF_MEMORY', /500 MB/],
    ['takes too long', 'sleep', { timeLimitMs: 4_000 }, 'WORKER_TIMED_OUT', /within 4 s/],
    ['hangs', 'hang', {}, 'WORKER_SILENT', /no sign of life/],
  ] satisfies [string, string, Partial<WorkerCallOptions>, string, RegExp][])(
    '%s fails its own call only, by the name of the candidate',
    async (_, mode, limits, code, text) => {
      pool = createWorkerPool({ python, size: 1, heartbeatTimeoutMs: 5_000 })
      const call = pool.train(await faulty(mode), callOptions({ subject: 'my-model', ...limits }))
      const error: unknown = await call.catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code, message: expect.stringMatching(text) })
      expect(error).toMatchObject({ message: expect.stringContaining('"my-model"') })
      expect(workers()).toEqual([])
      await expectStillSound(pool)
    },
  )

  it('speaks garbage is ended', async () => {
    const script = join(mkdtempSync(join(tmpdir(), 'esteira-garbage-')), 'python')
    writeFileSync(script, '#!/bin/sh\necho hello there\nexec sleep 60\n')
    chmodSync(script, 0o755)
    pool = createWorkerPool({ python: script, size: 1 })
    const call = pool.train(await trainRequest('baseline', 'regression'), callOptions())
    await expect(call).rejects.toMatchObject({
      code: 'WORKER_PROTOCOL',
      message: expect.stringContaining('hello there'),
    })
    expect(childrenOf(process.pid).filter((pid) => readCommand(pid).includes('sleep'))).toEqual([])
    rmSync(dirname(script), { recursive: true })
  })

  it('cannot be started says so', async () => {
    pool = createWorkerPool({ python: '/nowhere/python', size: 1 })
    const call = pool.train(await trainRequest('baseline', 'regression'), callOptions())
    await expect(call).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      message: expect.stringContaining('could not be started'),
    })
  })
})

function readCommand(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

describe('cancelling', () => {
  it('ends a busy call within three seconds, even one that does not listen', async () => {
    pool = createWorkerPool({ python, size: 1 })
    const controller = new AbortController()
    const onProgress = (_: number, message: string) => {
      if (message.startsWith('fold')) controller.abort()
    }
    const options = callOptions({ signal: controller.signal, onProgress })
    const call = pool.train(await faulty('sleep'), options)
    controller.signal.addEventListener('abort', () => {
      abortedAt = Date.now()
    })
    let abortedAt = 0
    await expect(call).rejects.toMatchObject({ code: 'WORKER_CANCELLED' })
    expect(Date.now() - abortedAt).toBeLessThan(4_000)
    await expectStillSound(pool)
  })

  it('keeps the worker when it stops by itself', async () => {
    pool = createWorkerPool({ python, size: 1 })
    const controller = new AbortController()
    const onProgress = () => controller.abort()
    const request = await trainRequest('logistic-regression', 'binary-classification')
    const call = pool.train(request, callOptions({ signal: controller.signal, onProgress }))
    await expect(call).rejects.toMatchObject({ code: 'WORKER_CANCELLED' })
    const [before] = workers()
    await pool.train(request, callOptions())
    expect(workers()).toEqual([before])
  })

  it('takes a waiting call out of the queue at once', async () => {
    pool = createWorkerPool({ python, size: 1 })
    const first = pool.train(await faulty('sleep'), callOptions({ subject: 'first' }))
    const controller = new AbortController()
    const request = await trainRequest('baseline', 'regression')
    const second = pool.train(
      request,
      callOptions({ signal: controller.signal, subject: 'second' }),
    )
    controller.abort()
    await expect(second).rejects.toMatchObject({
      code: 'WORKER_CANCELLED',
      details: { subject: 'second' },
    })
    const closing = pool.close()
    await expect(first).rejects.toMatchObject({
      code: 'WORKER_CANCELLED',
      details: { subject: 'first' },
    })
    await closing
    expect(workers()).toEqual([])
  })
})

it('runs at most as many processes as the pool has room for', async () => {
  pool = createWorkerPool({ python, size: 2 })
  const requests = await Promise.all([1, 2, 3, 4].map(() => trainRequest('baseline', 'regression')))
  let most = 0
  const onProgress = () => {
    most = Math.max(most, workers().length)
  }
  await Promise.all(
    requests.map((request) => (pool as WorkerPool).train(request, callOptions({ onProgress }))),
  )
  expect(most).toBe(2)
})

it.each(['sleep', 'hang'])(
  'leaves no orphan when the host is killed (worker: %s)',
  async (mode) => {
    const host = spawn(process.execPath, [join(fixtureFolder, 'host.ts'), python, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(host, 'spawn')
    await once(host.stdout, 'data')
    const [worker] = childrenOf(host.pid)
    expect(worker).toBeDefined()
    host.kill('SIGKILL')
    await once(host, 'exit')
    for (let tries = 0; tries < 50 && isWorker(Number(worker)); tries++) await sleep(100)
    expect(isWorker(Number(worker))).toBe(false)
  },
)
