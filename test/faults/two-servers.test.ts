import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIALECTS } from '../../src/testkit/index.ts'
import {
  artifactUrl,
  mlflow,
  newExperiment,
  newRun,
  runData,
  send,
  until,
} from './fixtures/requests.ts'
import { openScene, type Scene } from './fixtures/scene.ts'
import type { ServerProcess } from './fixtures/server-process.ts'

const PASSWORD = 'correct horse battery'
/** What one server changes holds on the other after a second; the rest is the machine's. */
const HOLDS_WITHIN_MS = 5_000
const JOB = path.join(import.meta.dirname, 'fixtures/job-process.ts')

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe.each(DIALECTS)('two servers on one %s database', (dialect) => {
  let scene: Scene
  let one: ServerProcess
  let two: ServerProcess

  beforeAll(async () => {
    scene = await openScene(dialect)
    // Both at once on an empty database: one of them makes the tables.
    const started = await Promise.all([scene.start(), scene.start()])
    ;[one, two] = started
  })
  afterAll(() => scene.dispose())

  it('see at once what the other one wrote', async () => {
    const experimentId = await newExperiment(one.url, 'seen by both')
    const runId = await newRun(two.url, experimentId)
    const metrics = [{ key: 'loss', value: 0.5, timestamp: 1, step: 0 }]
    expect((await mlflow(one.url)('runs/log-batch', { run_id: runId, metrics })).status).toBe(200)
    expect((await runData(two.url, runId)).metrics).toMatchObject([{ key: 'loss', value: 0.5 }])
    const place = { experimentId, runId, path: 'note.txt' }
    await send(artifactUrl(one.url, place), { method: 'PUT', body: 'by one' })
    expect(await (await fetch(artifactUrl(two.url, place))).text()).toBe('by one')
    expect((await mlflow(two.url)('experiments/create', { name: 'seen by both' })).body).toEqual(
      expect.objectContaining({ error_code: 'RESOURCE_ALREADY_EXISTS' }),
    )
  })

  it('number the versions of a model without a gap or a double', async () => {
    const runId = await newRun(one.url, await newExperiment(one.url, 'versions'))
    await mlflow(one.url)('registered-models/create', { name: 'both' })
    const sent = { name: 'both', source: `runs:/${runId}/model`, run_id: runId }
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        mlflow(i % 2 === 0 ? one.url : two.url)('model-versions/create', sent),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const numbers = answers
      .map(({ body }) =>
        Number((body as { model_version: { version: string } }).model_version.version),
      )
      .sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
  })

  it('take one of many equal names', async () => {
    const create = (i: number) =>
      mlflow(i % 2 === 0 ? one.url : two.url)('experiments/create', { name: 'raced for' })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => create(i)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(9)
  })

  it('know the idempotency keys of the other one', async () => {
    const create = (url: string, name: string) =>
      send(`${url}/api/v1/experiments`, {
        body: { name },
        headers: { 'idempotency-key': 'the same for both' },
      })
    const first = await create(one.url, 'made once')
    const repeated = await create(two.url, 'made once')
    expect([first.status, repeated.status]).toEqual([201, 201])
    expect(repeated.body).toEqual(first.body)
    expect(await create(two.url, 'another')).toMatchObject({
      status: 422,
      body: { error: { code: 'IDEMPOTENCY_KEY_REUSED' } },
    })
    const raced = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        send(`${i % 2 === 0 ? one.url : two.url}/api/v1/experiments`, {
          body: { name: 'raced by key' },
          headers: { 'idempotency-key': 'raced' },
        }),
      ),
    )
    const ids = new Set(raced.filter(({ status }) => status === 201).map(({ body }) => body.id))
    expect(ids.size).toBe(1)
    expect(raced.every(({ status }) => status === 201 || status === 409)).toBe(true)
  })

  it('take the tokens of the other one, until it revokes them', async () => {
    const account = { kind: 'service-account', name: 'ci' }
    expect((await send(`${one.url}/api/v1/accounts`, { body: account })).status).toBe(201)
    const made = await send(`${one.url}/api/v1/tokens`, { body: { account: 'ci', name: 'test' } })
    const { id, text } = made.body as { id: string; text: string }
    const me = () => send(`${two.url}/api/v1/me`, { headers: bearer(text) })
    expect(await me()).toMatchObject({ status: 200, body: { name: 'ci' } })
    const granted = await send(`${one.url}/api/v1/projects/churn/roles/ci`, {
      method: 'PUT',
      body: { role: 'viewer' },
    })
    expect(granted.status).toBe(204)
    await until(
      me,
      ({ body }) => JSON.stringify(body.readableProjects) === '["churn"]',
      HOLDS_WITHIN_MS,
    )
    expect((await send(`${one.url}/api/v1/tokens/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await send(`${one.url}/api/v1/me`, { headers: bearer(text) })).status).toBe(401)
    await until(me, ({ status }) => status === 401, HOLDS_WITHIN_MS)
  })

  it('take the browser sessions of the other one, until they are ended or locked out', async () => {
    const eva = { kind: 'user', name: 'eva', password: PASSWORD }
    expect((await send(`${one.url}/api/v1/accounts`, { body: eva })).status).toBe(201)
    const logIn = async (url: string) => {
      const body = { name: 'eva', password: PASSWORD }
      const { headers } = await send(`${url}/login`, { body })
      const cookies = headers.getSetCookie().map((text) => text.split(';', 1)[0])
      const csrf = cookies.find((text) => text?.startsWith('esteira_csrf='))?.split('=')[1] ?? ''
      return { cookie: cookies.join('; '), 'x-csrf-token': csrf }
    }
    const me = (url: string, headers: Readonly<Record<string, string>>) =>
      send(`${url}/api/v1/me`, { headers })
    const first = await logIn(one.url)
    expect(await me(two.url, first)).toMatchObject({ status: 200, body: { name: 'eva' } })
    const out = await send(`${one.url}/logout`, { method: 'POST', headers: first })
    expect(out.status).toBe(200)
    await until(
      () => me(two.url, first),
      ({ body }) => body.name !== 'eva',
      HOLDS_WITHIN_MS,
    )
    const second = await logIn(two.url)
    expect((await me(one.url, second)).body).toMatchObject({ name: 'eva' })
    await send(`${two.url}/api/v1/accounts/eva/disable`, { method: 'POST' })
    await until(
      () => me(one.url, second),
      ({ body }) => body.name !== 'eva',
      HOLDS_WITHIN_MS,
    )
  })

  it('go on when one of them is killed in the middle of its writes', async () => {
    const experimentId = await newExperiment(one.url, 'one is killed')
    const acknowledged: string[] = []
    const writer = async (url: string) => {
      const runId = await newRun(url, experimentId)
      for (;;) {
        const { status } = await mlflow(url)('runs/set-tag', {
          run_id: runId,
          key: 'k',
          value: 'v',
        })
        if (status === 200) acknowledged.push(runId)
        await newRun(url, experimentId).then((id) => acknowledged.push(id))
      }
    }
    const doomed = [writer(one.url), writer(one.url)].map((work) => work.catch(() => {}))
    await until(
      async () => acknowledged.length,
      (count) => count > 20,
    )
    await one.kill()
    await Promise.all(doomed)
    const later = await newRun(two.url, experimentId)
    for (const runId of new Set([...acknowledged, later])) {
      expect((await mlflow(two.url)(`runs/get?run_id=${runId}`)).status).toBe(200)
    }
    one = await scene.start()
    expect((await send(`${one.url}/api/v1/audit/verification`)).body).toMatchObject({ ok: true })
  })
})

describe.each(DIALECTS)('a job of two servers on one %s database', (dialect) => {
  let scene: Scene
  const children: ChildProcess[] = []

  beforeAll(async () => {
    scene = await openScene(dialect)
    await scene.database.open()
  })
  afterAll(async () => {
    for (const child of children) await killed(child)
    await scene.dispose()
  })

  async function killed(child: ChildProcess) {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  it('runs on one at a time, and is taken over from one that is killed', async () => {
    const file = path.join(scene.folder, 'runs.txt')
    const lines = async () =>
      existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
    const begin = (name: string) => {
      const args = [JOB, scene.database.url, file, name]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
      children.push(child)
      return child
    }
    const processes = new Map(['a', 'b'].map((name) => [name, begin(name)]))
    await until(lines, (all) => all.length >= 7)
    const running = await until(lines, (all) => all.at(-1)?.startsWith('begin') === true)
    const victim = running.at(-1)?.slice('begin '.length) ?? ''
    const child = processes.get(victim)
    if (child === undefined) throw new Error(`nobody is called "${victim}"`)
    await killed(child)
    const other = victim === 'a' ? 'b' : 'a'
    const before = (await lines()).length
    const after = await until(lines, (all) => all.length >= before + 6)
    // Only the killed one's last run has no end; otherwise every run ended before the next began.
    const open = after.flatMap((line, i) =>
      line.startsWith('begin') && after[i + 1] !== line.replace('begin', 'end') ? [i] : [],
    )
    const last = after.at(-1)?.startsWith('begin') ? [after.length - 1] : []
    const cutOff = after.lastIndexOf(`begin ${victim}`)
    const isCut = after[cutOff + 1] !== `end ${victim}`
    expect(open).toEqual([...(isCut ? [cutOff] : []), ...last])
    expect(after.slice(before).every((line) => line.endsWith(other))).toBe(true)
  })
})
