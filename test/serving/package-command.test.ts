import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { runEsteira } from './packaged/run-esteira.ts'

const MAIN = new URL('../../src/surfaces/cli/main.ts', import.meta.url).pathname
const BASE = `registry.example/debian@sha256:${'0123456789abcdef'.repeat(4)}`

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-package-command-'))
  const scene = await openGatewayScene(join(folder, '.esteira'))
  await scene.addVersion('first')
  await scene.addVersion('second')
  await scene.rollOut(1)
  writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(scene.project))
  await scene.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: readonly string[]) => runEsteira(folder, ['package', ...args, '--json'])

describe('esteira package', () => {
  test.each([
    ['COMMAND_INVALID', []],
    ['COMMAND_INVALID', ['--dockerfile', 'context']],
    ['COMMAND_INVALID', ['--output', 'a.tar', '--base-image', BASE]],
    ['COMMAND_INVALID', ['--output', 'a.tar', '--dockerfile', 'context']],
    ['BASE_IMAGE_NOT_PINNED', ['--dockerfile', 'context', '--base-image', 'debian:12']],
    ['IMAGE_NAME_INVALID', ['--output', 'a.tar', '--tag', 'Not A Name']],
    ['IMAGE_OUTPUT_TAKEN', ['--output', 'esteira.config.json']],
    ['IMAGE_UNWRITABLE', ['--output', 'nowhere/a.tar']],
    ['VERSION_NOT_FOUND', ['--output', 'a.tar', '--model-version', '9']],
    ['ALIAS_NOT_FOUND', ['--output', 'a.tar', '--model-version', 'champion']],
    ['ENVIRONMENT_EMPTY', ['--output', 'a.tar', '--model-version', 'production']],
  ])('refuses with %s: %j', async (code, args) => {
    const before = readdirSync(folder)
    const refused = await run(...args)
    expect(refused.code).not.toBe(0)
    expect(JSON.parse(refused.err).error).toMatchObject({ code, hint: expect.stringMatching(/\w/) })
    expect(readdirSync(folder)).toEqual(before)
  })

  test('refuses a project without anything deployed', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'))
    writeFileSync(
      join(empty, 'esteira.config.json'),
      readFileSync(join(folder, 'esteira.config.json')),
    )
    const refused = await runEsteira(empty, ['package', '--output', 'a.tar', '--json'])
    expect(JSON.parse(refused.err).error.code).toBe('NOTHING_DEPLOYED')
  })

  test('leaves nothing when there is no room for the image', () => {
    // A limit on the size of files fails a write half-way, as a full disk does.
    const command = `ulimit -f 4096; exec "$0" "$1" package --output full.tar --json`
    const outcome = () =>
      execFileSync('bash', ['-c', command, process.execPath, MAIN], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    expect(outcome).toThrow(
      expect.objectContaining({ stderr: expect.stringContaining('STORAGE_FULL') }),
    )
    expect(readdirSync(folder).filter((name) => name.includes('full.tar'))).toEqual([])
  }, 120_000)
})

describe('esteira package --dockerfile', () => {
  test('writes a context in which everything that is copied is there', async () => {
    const made = await run('--dockerfile', 'context', '--base-image', BASE)
    expect(made.code, made.err).toBe(0)
    const context = join(folder, 'context')
    const lines = readFileSync(join(context, 'Dockerfile'), 'utf8').split('\n')
    expect(lines).toContain(`FROM ${BASE}`)
    expect(lines).toContain('USER 65532:65532')
    expect(lines.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true)
    const copied = lines.flatMap((line) => /^COPY (?:--\S+ )*(\S+) /.exec(line)?.[1] ?? [])
    expect(copied).toEqual(['runtime/', 'dependencies/', 'code/', 'endpoint/', 'data/'])
    for (const name of copied) expect(statSync(join(context, name)).isDirectory()).toBe(true)
    const entry = lines.find((line) => line.startsWith('ENTRYPOINT '))?.slice('ENTRYPOINT '.length)
    const [node, start, endpoint] = JSON.parse(entry ?? '[]')
    expect(statSync(join(context, 'runtime', node)).mode & 0o111).toBe(0o111)
    expect(existsSync(join(context, 'code', start))).toBe(true)
    expect(existsSync(join(context, 'endpoint', endpoint, 'seed.json'))).toBe(true)
  }, 120_000)

  test('says how the image runs with a read-only root', () => {
    const context = join(folder, 'context')
    const compose = parse(readFileSync(join(context, 'compose.yaml'), 'utf8'))
    expect(compose.services.delays).toMatchObject({ image: 'delays:1', read_only: true })
    const text = readFileSync(join(context, 'kubernetes.yaml'), 'utf8')
    const [deployment, service] = parseAllDocuments(text).map((document) => document.toJS())
    expect(service.kind).toBe('Service')
    const pod = deployment.spec.template.spec
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532 })
    expect(pod.containers[0].securityContext).toMatchObject({ readOnlyRootFilesystem: true })
    expect(pod.containers[0]).toHaveProperty('readinessProbe.httpGet.path', '/v2/health/ready')
  })
})
