import { execFileSync, spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel } from '../../src/platform/inference/index.ts'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { digestOf, openImage } from './packaged/open-image.ts'
import { runContainer, unpackLayers } from './packaged/run-container.ts'
import { runEsteira } from './packaged/run-esteira.ts'

const TOKEN = 'a-token-of-this-test-alone'
const SECRET = 'postgresql://ana:hush@warehouse.example/flights'
const HOUR_AT_JFK = 21

let folder: string
let layout: string
let written: { digest: string; id: string; layers: { name: string }[]; entities: number }
let expected: number[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-package-'))
  await makeProject()
  layout = join(folder, 'layout')
  const run = await runEsteira(folder, ['package', '--layout', '--output', 'layout', '--json'])
  expect(run.code, run.err).toBe(0)
  written = JSON.parse(run.out)
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** Two versions; the second, which answers, looks features up. One source holds a password. */
async function makeProject(): Promise<void> {
  const scene = await openGatewayScene(join(folder, '.esteira'))
  await scene.addVersion('first', { model: 'binary' })
  const version = await scene.addVersion('second', { featureView: true })
  await scene.rollOut(1)
  await scene.rollOut(2)
  // Known for longer than the view's delay, and not yet too old.
  const eventTimeMs = Date.now() - 2 * 3_600_000
  const row = { keys: ['JFK'], values: { hour: HOUR_AT_JFK }, eventTimeMs }
  await scene.online.put('airport', [row])
  await scene.online.put('other', [{ ...row, keys: ['left-out'] }])
  const { digest } = version.artifact
  const model = await loadModel({
    path: scene.artifacts.pathOf(digest),
    signature: version.signature,
    digest,
  })
  const answer = await model.predict({
    rows: 1,
    columns: {
      distance: Float32Array.of(900),
      airport__hour: Float32Array.of(HOUR_AT_JFK),
      carrier: ['B6'],
      origin: ['JFK'],
    },
  })
  expected = [...answer.output]
  await model.close()
  const flights = { kind: 'sql', connection: SECRET, query: 'SELECT 1' }
  const project = { ...scene.project, sources: { flights } }
  writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(project))
  await scene.close()
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = Object(server.address())
      server.close(() => resolve(port))
    })
  })
}

const REQUEST = {
  id: 'one',
  inputs: [
    { name: 'distance', datatype: 'FP64', shape: [1], data: [900] },
    { name: 'carrier', datatype: 'BYTES', shape: [1], data: ['B6'] },
    { name: 'origin', datatype: 'BYTES', shape: [1], data: ['JFK'] },
  ],
}

function ask(url: string, body?: unknown, token = TOKEN): Promise<Response> {
  return fetch(url, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
}

describe('the image', () => {
  test('is what the specification asks for, down to every digest and size', () => {
    const image = openImage(layout)
    expect(image.version).toEqual({ imageLayoutVersion: '1.0.0' })
    expect(image.index).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
    })
    expect(image.entry).toMatchObject({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: written.digest,
      platform: { os: 'linux', architecture: image.config.architecture },
      annotations: {
        'org.opencontainers.image.ref.name': '2',
        'io.containerd.image.name': 'docker.io/library/delays:2',
      },
    })
    expect(image.manifest.config).toMatchObject({
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: written.id,
    })
    expect(image.manifest.layers.map((layer) => digestOf(image.archive(layer)))).toEqual(
      image.config.rootfs.diff_ids,
    )
    expect(image.config.history).toHaveLength(image.manifest.layers.length)
    const blobs = readdirSync(join(layout, 'blobs/sha256'))
    expect(blobs).toHaveLength(image.manifest.layers.length + 2)
  })

  test('runs as nobody, with a health check, and says what it is', () => {
    const { config, manifest } = openImage(layout)
    expect(config.config).toMatchObject({
      User: '65532:65532',
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { '/data': {} },
      StopSignal: 'SIGTERM',
    })
    expect(config.config.Healthcheck.Test[0]).toBe('CMD')
    const labels = {
      'org.opencontainers.image.title': 'delays',
      'org.opencontainers.image.version': '2',
      'esteira.model.digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    }
    expect(config.config.Labels).toMatchObject(labels)
    expect(manifest.annotations).toMatchObject(labels)
  })

  test('carries one version and its features, and nothing that is not meant for it', async () => {
    const root = join(folder, 'endpoint-only')
    const image = openImage(layout)
    const last = image.manifest.layers.at(-1)
    unpackLayers(last === undefined ? [] : [image.placeOf(last)], root)
    const endpoint = join(root, 'srv/endpoint')
    expect(readdirSync(endpoint).toSorted()).toEqual([
      'esteira.config.json',
      'model.onnx',
      'online.db',
      'seed.json',
    ])
    const everything = readdirSync(endpoint).map((name) =>
      readFileSync(join(endpoint, name)).toString('latin1'),
    )
    expect(everything.join('')).not.toMatch(/hush|warehouse\.example|left-out/)
    expect(written.entities).toBe(1)
    const paths = image.manifest.layers.flatMap((layer) =>
      execFileSync('tar', ['-tzf', image.placeOf(layer)], { encoding: 'utf8' }).split('\n'),
    )
    const unwanted =
      /^app\/src\/.*(?:\.test\.ts$|\/fixtures\/)|node_modules\/(?:typescript|vitest|echarts)\/|\/(?:darwin|win32)\/|\.d\.ts$/
    expect(paths.filter((path) => unwanted.test(path))).toEqual([])
    expect(paths).toContain('app/src/surfaces/cli/main.ts')
  })

  test('has the same digest for the same inputs', async () => {
    const again = await runEsteira(folder, ['package', '--layout', '--output', 'again', '--json'])
    expect(JSON.parse(again.out)).toMatchObject({ digest: written.digest, id: written.id })
    const later = await runEsteira(
      folder,
      [
        'package',
        '--model-version',
        '1',
        '--output',
        'one.tar',
        '--tag',
        'r.example/a/b',
        '--json',
      ],
      { SOURCE_DATE_EPOCH: '1700000000' },
    )
    const other = JSON.parse(later.out)
    expect(other).toMatchObject({ version: 1, name: 'r.example/a/b:latest', views: [] })
    expect(other.digest).not.toBe(written.digest)
  }, 300_000)
})

describe('a container of the image', () => {
  let root: string
  beforeAll(() => {
    const image = openImage(layout)
    root = join(folder, 'root')
    unpackLayers(image.manifest.layers.map(image.placeOf), root)
  }, 120_000)

  test('answers like the model, is healthy, and ends in order; it writes to its data alone', async () => {
    const { config } = openImage(layout)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const container = runContainer({
      root,
      config,
      environment: { ESTEIRA_GATEWAY_TOKEN: TOKEN, ESTEIRA_PORT: String(port) },
      arguments: ['--json'],
    })
    await container.answer
    const [, ...health] = config.config.Healthcheck.Test
    expect(await container.execute(health)).toBe(0)
    expect((await ask(`${url}/v2/models/delays/infer`, REQUEST, 'guess')).status).toBe(401)
    const answered = await ask(`${url}/v2/models/delays/infer`, REQUEST)
    const answer = (await answered.json()) as { outputs: { name: string; data: number[] }[] }
    expect(answered.status, JSON.stringify(answer)).toBe(200)
    const given = answer.outputs.find(({ name }) => name === 'probabilities')
    expect(given?.data, JSON.stringify(answer)).toHaveLength(expected.length)
    for (const [at, value] of expected.entries()) expect(given?.data[at]).toBeCloseTo(value, 6)
    expect(await container.stop(), container.errors()).toBe(0)
    expect(readdirSync(join(root, 'data'))).toHaveLength(container.isIsolated ? 0 : 5)
  }, 120_000)

  test('does not start without a token', async () => {
    const { config } = openImage(layout)
    const container = runContainer({ root, config, environment: {}, arguments: ['--json'] })
    await expect(container.answer).rejects.toThrow(/ended with \d/)
    expect(container.errors()).toContain('LOGIN_NOT_SET_UP')
  }, 120_000)

  test('takes over the data of an earlier image, with its predictions', async () => {
    const { config } = openImage(layout)
    const data = join(folder, 'kept-data')
    mkdirSync(data)
    if (process.getuid?.() === 0) chownSync(data, 65_532, 0)
    for (const count of [1, 2]) {
      const port = await freePort()
      const environment = { ESTEIRA_GATEWAY_TOKEN: TOKEN, ESTEIRA_PORT: String(port) }
      const container = runContainer({ root, config, environment, data, arguments: ['--json'] })
      await container.answer
      const body = { ...REQUEST, id: `start-${count}` }
      const answered = await ask(`http://127.0.0.1:${port}/v2/models/delays/infer`, body)
      expect(answered.status).toBe(200)
      // A label is taken for a prediction that is known, whichever container answered it.
      const labels = { labels: [{ id: 'start-1', label: '1' }] }
      const labelled = await ask(`http://127.0.0.1:${port}/v1/labels`, labels)
      expect(labelled.status, await labelled.text()).toBe(200)
      expect(await container.stop(), container.errors()).toBe(0)
    }
  }, 120_000)
})

/** Debian's packages of both, where they can be had. */
function hasForeignTools(): boolean {
  const has = (tool: string) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0
  if (has('skopeo') && has('umoci')) return true
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  const options = {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', 'skopeo', 'umoci'],
    options,
  )
  return has('skopeo') && has('umoci')
}

describe.skipIf(!hasForeignTools())('other tools', () => {
  test('read the archive, copy it and unpack it', () => {
    const archive = `oci-archive:${join(folder, 'one.tar')}`
    const inspect = (from: string) =>
      JSON.parse(execFileSync('skopeo', ['inspect', from], { encoding: 'utf8' }))
    expect(inspect(archive)).toMatchObject({
      Os: 'linux',
      Labels: { 'esteira.model.version': '1' },
    })
    expect(inspect(`docker-archive:${join(folder, 'one.tar')}`).Layers).toHaveLength(5)
    const copy = join(folder, 'copied')
    const quiet = { stdio: 'ignore' } as const
    execFileSync('skopeo', ['copy', '--insecure-policy', archive, `oci:${copy}:latest`], quiet)
    const bundle = join(folder, 'bundle')
    const rootless = process.getuid?.() === 0 ? [] : ['--rootless']
    execFileSync('umoci', ['unpack', ...rootless, '--image', `${copy}:latest`, bundle], quiet)
    const node = statSync(join(bundle, 'rootfs/usr/local/bin/node'))
    expect(node.mode & 0o777).toBe(0o755)
    const process_ = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')).process
    expect(process_).toMatchObject({ user: { uid: 65_532, gid: 65_532 } })
    expect(process_.args[0]).toBe('/usr/local/bin/node')
  }, 180_000)
})
