import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

const PROGRAM = path.join(import.meta.dirname, 'main.ts')
const { FORCE_COLOR: _, ...surroundings } = process.env
const PASSWORD = 'correct horse battery'

let root = ''
const running: ChildProcess[] = []
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'esteira-server-'))
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newFolder = () => mkdtempSync(path.join(root, 'data-'))

function begin(folder: string, args: readonly string[], environment = {}): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...surroundings, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.push(child)
  return child
}

async function esteira(folder: string, args: readonly string[], input = '') {
  const child = begin(folder, args)
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin?.end(input)
  const [code] = await once(child, 'close')
  return { code, out, err }
}

/** `esteira serve`, until it has said where it answers. */
async function serve(folder: string, args: readonly string[] = [], environment = {}) {
  const child = begin(folder, ['serve', '--port', '0', '--json', ...args], environment)
  let out = ''
  for await (const chunk of child.stdout ?? []) {
    out += String(chunk)
    if (out.trimEnd().endsWith('}')) break
  }
  const { address }: { address: string } = JSON.parse(out)
  return { child, address }
}

describe('the commands of a server', () => {
  it('manage accounts and tokens, and keep a trail of it', async () => {
    const folder = newFolder()
    const run = (args: string, input?: string) => esteira(folder, args.split(' '), input)
    expect(await run('user create ana --admin', `${PASSWORD}\n`)).toMatchObject({
      code: 0,
      err: '',
    })
    expect((await run('user create eva', 'short\n')).err).toContain('PASSWORD_TOO_SHORT')
    expect((await run('user create ana', `${PASSWORD}\n`)).code).toBe(8)
    expect((await run('user create ci --service')).code).toBe(0)
    expect((await run('user grant ci king --in churn')).err).toContain('ROLE_INVALID')
    expect((await run('user grant ci viewer --in churn')).code).toBe(0)
    expect((await run('user disable ana')).err).toContain('LAST_ADMINISTRATOR')
    const created = await run('token create ci --name laptop --permissions experiments:read --json')
    const { text, id } = JSON.parse(created.out)
    expect(text).toMatch(/^est_/)
    const listed = await run('token list')
    expect(listed.out).toContain(id)
    expect(listed.out).not.toContain(text)
    const users = JSON.parse((await run('user list --json')).out)
    expect(users).toMatchObject([
      { name: 'ana', roles: [{ project: '*', role: 'admin' }] },
      { name: 'ci', roles: [{ project: 'churn', role: 'viewer' }] },
    ])
    expect(JSON.stringify(users)).not.toContain('scrypt')
    const verified = JSON.parse((await run('audit verify --json')).out)
    expect(verified).toMatchObject({ ok: true, entries: 5 })
    expect((await run(`audit verify --expect-head ${'0'.repeat(63)}1`)).code).toBe(5)
    expect((await run(`audit verify --expect-head ${verified.head.hash}`)).code).toBe(0)
    expect((await run('audit export --out trail.jsonl')).code).toBe(0)
    expect((await run('audit export --out trail.jsonl')).code).toBe(2)
    const lines = readFileSync(path.join(folder, 'trail.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(JSON.parse(String(lines.at(-1))).hash).toBe(verified.head.hash)
    const { address, child } = await serve(folder, ['--require-login'])
    expect((await fetch(`${address}/login/password`)).status).toBe(200)
    const search = `${address}/api/2.0/mlflow/experiments/get?experiment_id=0`
    expect((await fetch(search)).status).toBe(401)
    const authorization = `Basic ${Buffer.from(`ana:${PASSWORD}`).toString('base64')}`
    expect((await fetch(search, { headers: { authorization } })).status).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('serve an empty folder at once, with nobody asked to log in', async () => {
    const { child, address } = await serve(newFolder())
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${address}/health`)).text()).toBe('OK')
    const got = await fetch(`${address}/api/2.0/mlflow/experiments/get?experiment_id=0`)
    expect(await got.json()).toMatchObject({ experiment: { name: 'Default' } })
    expect((await fetch(`${address}/api/v1/openapi.json`)).status).toBe(200)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('end with the input when they are asked to', async () => {
    const { child } = await serve(newFolder(), ['--end-with-input', '--require-login'])
    child.stdin?.end()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('refuse to be open to everybody, and say how to go on', async () => {
    const folder = newFolder()
    const refused = await esteira(folder, ['serve', '--host', '0.0.0.0', '--port', '0'])
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/LOGIN_NOT_SET_UP/)
    expect(refused.err).toContain('esteira user create <name> --admin')
    const token = { ESTEIRA_GATEWAY_TOKEN: 'secret-of-the-gateway' }
    const { address } = await serve(folder, ['--host', '0.0.0.0'], token)
    const { port } = new URL(address)
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/openapi.json`)).status).toBe(401)
  })

  it('print the settings that hold, without secrets', async () => {
    const folder = newFolder()
    const url = 'postgresql://ana:hush@db.example/esteira'
    const { out } = await esteira(folder, ['config', '--json', '--database-url', url])
    expect(out).not.toContain('hush')
    expect(JSON.parse(out)).toContainEqual({
      setting: 'databaseUrl',
      value: 'postgresql://ana:***@db.example/esteira',
      origin: 'flag --database-url',
    })
    const wrong = await esteira(folder, ['serve', '--port', 'many'])
    expect(wrong.err).toContain('flag --port')
  })
})
