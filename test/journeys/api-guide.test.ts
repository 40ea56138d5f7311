import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeBlocks } from '../../scripts/checks/markdown.ts'
import { type Running, startEsteira } from './fixtures/esteira.ts'

const GUIDE = 'docs/guides/api.md'
const CLIENT = pathToFileURL(path.join(import.meta.dirname, '../../src/surfaces/client/index.ts'))
const run = promisify(execFile)
let folder: string
let server: Running
let address: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-api-guide-'))
  server = startEsteira(folder, ['serve', '--port', '0', '--data-dir', './esteira-data'])
  const [, found = ''] = await server.printed(/answers at (http:[^\s;,]+)/)
  address = found
})
afterAll(async () => {
  server.child.kill('SIGINT')
  await server.ended
  rmSync(folder, { recursive: true })
})

const here = (code: string) => code.replaceAll('http://127.0.0.1:8080', address)
const blocksOf = (language: string) =>
  codeBlocks(GUIDE)
    .filter((block) => block.language === language)
    .map(({ code }) => here(code))

/** Runs a program of the guide as it stands there; one that follows progress is stopped. */
async function runTypeScript(code: string, name: string): Promise<string> {
  const file = path.join(folder, `${name}.ts`)
  writeFileSync(file, code.replace("'esteira/client'", `'${CLIENT.href}'`))
  const { stdout } = await run(process.execPath, [file])
  return stdout
}

it('every program of the guide to the API runs as it stands there', async () => {
  const commands = blocksOf('sh')
    .flatMap((code) => code.split('\n'))
    .filter((line) => line.startsWith('curl'))
  expect(commands).toHaveLength(3)
  const said: string[] = []
  for (const command of commands) said.push((await run('sh', ['-c', command])).stdout)
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ name: 'churn', project: 'default' })
  expect(JSON.parse(said[1] ?? '').items).toContainEqual({ id: '1', name: 'churn' })
  expect(JSON.parse(said[2] ?? '')).toMatchObject({ ok: true })

  const models = await fetch(`${address}/api/v1/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'churn' }),
  })
  expect(models.status).toBe(201)
  const programs = blocksOf('ts')
  const ending = programs.filter((code) => !code.includes('client.progress()'))
  expect([programs.length, ending.length]).toEqual([4, 3])
  const [first = '', standing = ''] = await Promise.all(
    ending.map((code, index) => runTypeScript(code, `program-${index}`)),
  )
  expect(first).toContain('rocAuc')
  expect(first).toContain('MODEL_NOT_FOUND')
  expect(standing.trim()).toBe('null undefined undefined')

  const [python = ''] = blocksOf('python')
  const { stdout } = await run('python3', ['-c', python])
  expect(stdout).toContain('churn')
  expect(stdout).toContain('fraud')
})
