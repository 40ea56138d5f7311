import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIALECTS } from '../../src/testkit/index.ts'
import {
  type ArtifactPlace,
  artifactUrl,
  mlflow,
  newExperiment,
  newRun,
  runData,
  send,
} from './fixtures/requests.ts'
import { openScene, type Scene } from './fixtures/scene.ts'

const CLIENTS = 8
/** Enough of every kind, so that the kill comes in the middle of it. */
const WRITES_BEFORE_KILL = 300
const ARTIFACT_BYTES = 200_000

interface Acknowledged {
  readonly metrics: { readonly runId: string; readonly key: string; readonly value: number }[]
  readonly tags: { readonly runId: string; readonly key: string; readonly value: string }[]
  readonly runs: string[]
  readonly versions: { readonly name: string; readonly version: string }[]
  readonly artifacts: (ArtifactPlace & { readonly sha256: string })[]
}

interface Load {
  readonly url: string
  readonly experimentId: string
  readonly acknowledged: Acknowledged
  /** Names the client, so that no two write the same. */
  readonly client: number
}

type Write = (load: Load, runId: string, turn: number) => Promise<void>

const WRITES: readonly Write[] = [
  async function logBatch({ url, client, acknowledged }, runId, turn) {
    const metric = { key: `m${client}-${turn}`, value: turn + 0.5 }
    const metrics = [{ ...metric, timestamp: 1_700_000_000_000 + turn, step: turn }]
    const answer = await mlflow(url)('runs/log-batch', { run_id: runId, metrics })
    if (answer.status === 200) acknowledged.metrics.push({ runId, ...metric })
  },
  async function createRun({ url, experimentId, acknowledged }) {
    const { status, body } = await mlflow(url)('runs/create', { experiment_id: experimentId })
    if (status !== 200) return
    acknowledged.runs.push((body as { run: { info: { run_id: string } } }).run.info.run_id)
  },
  async function setTag({ url, client, acknowledged }, runId, turn) {
    const tag = { key: `t${client}-${turn}`, value: `value of ${turn}` }
    const answer = await mlflow(url)('runs/set-tag', { run_id: runId, ...tag })
    if (answer.status === 200) acknowledged.tags.push({ runId, ...tag })
  },
  async function registerVersion({ url, experimentId, client, acknowledged }, runId) {
    const name = `model-${client % 2}`
    const source = `mlflow-artifacts:/${experimentId}/${runId}/artifacts/model`
    const sent = { name, source, run_id: runId }
    const { status, body } = await mlflow(url)('model-versions/create', sent)
    if (status !== 200) return
    const { version } = (body as { model_version: { version: string } }).model_version
    acknowledged.versions.push({ name, version })
  },
  async function uploadArtifact({ url, experimentId, client, acknowledged }, runId, turn) {
    const content = randomBytes(ARTIFACT_BYTES)
    const place = { experimentId, runId, path: `files/${client}-${turn}.bin` }
    const answer = await send(artifactUrl(url, place), { method: 'PUT', body: content })
    if (answer.status !== 200) return
    acknowledged.artifacts.push({ ...place, sha256: sha256(content) })
  },
]

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function countOf(acknowledged: Acknowledged): number {
  return Object.values(acknowledged).reduce((sum, writes) => sum + writes.length, 0)
}

/** Writes of every kind in turn, until the server is gone. */
async function writeUntilGone(load: Load): Promise<void> {
  const runId = await newRun(load.url, load.experimentId)
  load.acknowledged.runs.push(runId)
  for (let turn = load.client; ; turn++) {
    const write = WRITES[turn % WRITES.length]
    try {
      await write?.(load, runId, turn)
    } catch {
      // No answer: the write may be there or not, and nobody was told that it is.
      return
    }
  }
}

describe.each(DIALECTS)('a server on %s, killed while eight clients write', (dialect) => {
  let scene: Scene
  let url = ''
  let experimentId = ''
  const acknowledged: Acknowledged = {
    metrics: [],
    tags: [],
    runs: [],
    versions: [],
    artifacts: [],
  }

  beforeAll(async () => {
    scene = await openScene(dialect)
    const first = await scene.start()
    experimentId = await newExperiment(first.url, 'under load')
    for (const name of ['model-0', 'model-1']) {
      expect((await mlflow(first.url)('registered-models/create', { name })).status).toBe(200)
    }
    const clients = Array.from({ length: CLIENTS }, (_, client) =>
      writeUntilGone({ url: first.url, experimentId, acknowledged, client }),
    )
    while (countOf(acknowledged) < WRITES_BEFORE_KILL) {
      if (!first.isRunning()) throw new Error(`the server ended by itself:\n${first.errors()}`)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    }
    await first.kill()
    await Promise.all(clients)
    url = (await scene.start()).url
  })
  afterAll(() => scene.dispose())

  it('has every acknowledged run, metric and tag after a restart', async () => {
    expect(Math.min(...Object.values(acknowledged).map((writes) => writes.length))).toBeGreaterThan(
      CLIENTS,
    )
    const runs = new Set([...acknowledged.metrics, ...acknowledged.tags].map(({ runId }) => runId))
    const found = { metrics: 0, tags: 0 }
    for (const id of runs) {
      const { metrics = [], tags = [] } = await runData(url, id)
      for (const { key, value } of acknowledged.metrics.filter(({ runId }) => runId === id)) {
        expect(metrics).toContainEqual(expect.objectContaining({ key, value }))
        found.metrics++
      }
      for (const { key, value } of acknowledged.tags.filter(({ runId }) => runId === id)) {
        expect(tags).toContainEqual({ key, value })
        found.tags++
      }
    }
    for (const id of acknowledged.runs) {
      expect((await mlflow(url)(`runs/get?run_id=${id}`)).status).toBe(200)
    }
    expect(found).toEqual({
      metrics: acknowledged.metrics.length,
      tags: acknowledged.tags.length,
    })
  })

  it('has every acknowledged version, numbered without a gap or a double', async () => {
    for (const name of ['model-0', 'model-1']) {
      const told = acknowledged.versions.filter((version) => version.name === name)
      const filter = encodeURIComponent(`name='${name}'`)
      const { body } = await mlflow(url)(`model-versions/search?max_results=10000&filter=${filter}`)
      const { model_versions = [] } = body as { model_versions?: { version: string }[] }
      const numbers = model_versions.map(({ version }) => Number(version)).sort((a, b) => a - b)
      expect(numbers).toEqual(numbers.map((_, i) => i + 1))
      expect(new Set(told.map(({ version }) => version)).size).toBe(told.length)
      expect(numbers).toEqual(expect.arrayContaining(told.map(({ version }) => Number(version))))
    }
  })

  it('has every acknowledged artifact, byte for byte', async () => {
    for (const place of acknowledged.artifacts) {
      const answer = await fetch(artifactUrl(url, place))
      expect(answer.status).toBe(200)
      expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(place.sha256)
    }
  })

  it('has a whole audit trail, and takes writes as before', async () => {
    const { body } = await send(`${url}/api/v1/audit/verification`)
    expect(body).toMatchObject({ ok: true })
    expect(body.entries).toBeGreaterThan(acknowledged.versions.length)
    const runId = await newRun(url, experimentId)
    const metrics = [{ key: 'after', value: 1, timestamp: 1, step: 0 }]
    const answer = await mlflow(url)('runs/log-batch', { run_id: runId, metrics })
    expect(answer.status).toBe(200)
  })
})
