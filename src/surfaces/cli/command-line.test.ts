import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const PROGRAM = path.join(import.meta.dirname, 'main.ts')

// Vitest asks its children for colours; a person's pipe does not.
const { FORCE_COLOR: _, ...surroundings } = process.env

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function esteira(args: readonly string[], folder: string): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: surroundings,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

const GOOD = `
import { csv, defineProject, logisticRegression, notNull } from 'esteira'

const inputs: readonly string[] = ['age']

export default defineProject({
  name: 'churn',
  problem: {
    statement: 'Will this customer leave within 30 days?',
    type: 'binary-classification',
    target: 'gone',
  },
  sources: { customers: csv({ path: 'customers.csv', expectations: [notNull('customer_id')] }) },
  dataset: { sql: 'SELECT * FROM customers', id: 'customer_id', inputs: [...inputs] },
  candidates: [logisticRegression()],
  gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.7 }] },
})
`

let folder = ''
function project(name: string, text: string): string {
  const place = mkdtempSync(path.join(folder, 'project-'))
  writeFileSync(path.join(place, name), text)
  writeFileSync(path.join(place, 'customers.csv'), 'customer_id,age,gone\n1,30,0\n')
  return place
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-cli-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the command line', () => {
  it('lists its commands and exit codes', async () => {
    const { code, out } = await esteira(['--help'], folder)
    expect(code).toBe(0)
    for (const command of ['run', 'check', 'status', 'reproduce', 'rollback', 'doctor']) {
      expect(out).toContain(`\n  ${command} `)
    }
    expect(out).toContain('3 rejected')
  })

  it('says what was probably meant by an unknown command', async () => {
    const { code, out, err } = await esteira(['statsu'], folder)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(
      /^error {2}unknown command 'statsu' \(Did you mean status\?\)\ndo {5}.*\ncode {3}COMMAND_INVALID\n$/,
    )
  })

  it('gives errors as one JSON document with --json', async () => {
    const { code, out, err } = await esteira(['promote', '1', 'prodction', '--json'], folder)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(JSON.parse(err).error).toMatchObject({ code: 'COMMAND_INVALID', blame: 'caller' })
  })

  it('shows, rehearses and takes the steps of a database’s schema', async () => {
    const url = path.join(mkdtempSync(path.join(folder, 'database-')), 'metadata.db')
    const migrate = (...args: string[]) =>
      esteira(['migrate', '--database-url', url, '--json', ...args], folder)
    const rehearsed = JSON.parse((await migrate('--dry-run')).out)
    expect(rehearsed).toMatchObject({ outcome: 'rehearsed', applied: [] })
    expect(existsSync(url)).toBe(false)
    const taken = JSON.parse((await migrate()).out)
    expect(taken).toMatchObject({ outcome: 'migrated', pending: rehearsed.pending })
    const { out } = await esteira(['migrate', '--database-url', url], folder)
    expect(out).toMatch(/records +applied/)
    expect(out).toContain('the schema is up to date')
  })

  it('shows no password of a database that does not answer', async () => {
    const url = 'postgresql://ana:hunter2@127.0.0.1:1/db'
    const { code, err } = await esteira(['migrate', '--database-url', url], folder)
    expect(code).toBe(7)
    expect(err).toContain('code   DATABASE_UNREACHABLE')
    expect(err).not.toContain('hunter2')
  })

  it('prints the JSON Schema of a project', async () => {
    const { code, out } = await esteira(['schema'], folder)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['name', 'problem', 'sources', 'dataset', 'gate'],
    })
  })

  it('refuses a time that is none before anything is opened', async () => {
    const { code, err } = await esteira(['run', '--as-of', 'yesterday'], folder)
    expect(code).toBe(2)
    expect(err).toContain('INSTANT_INVALID')
  })
})

describe('esteira check', () => {
  it('finds a good project good, without the package being installed', async () => {
    const { code, out, err } = await esteira(['check'], project('esteira.config.ts', GOOD))
    expect(err).toBe('')
    expect(out).toMatch(
      /^good {2}.*esteira\.config\.ts: 1 source, 0 feature views, 1 candidate, 1 criterion/,
    )
    expect(code).toBe(0)
  })

  it('says with --json what it looked at', async () => {
    const place = project('esteira.config.ts', GOOD)
    const { out } = await esteira(['check', '--json', '--project', place], folder)
    expect(JSON.parse(out)).toMatchObject({ valid: true, project: 'churn', notChecked: [] })
  })

  it('names the line of an unknown field in TypeScript', async () => {
    const bad = GOOD.replace("target: 'gone'", "tagret: 'gone'")
    const { code, err } = await esteira(['check'], project('esteira.config.ts', bad))
    expect(code).toBe(2)
    expect(err).toMatch(/esteira\.config\.ts:11:5 problem\.tagret: .*did you mean "target"\?/)
  })

  it.each([
    [
      'an error it throws',
      "throw new Error('no such luck')\n",
      /config\.ts:1:7 failed: Error: no such luck/,
    ],
    ['a syntax error', 'const a: number\nconst b = = 1\n', /config\.ts:2:1 failed: SyntaxError/],
    [
      'syntax that cannot be stripped',
      'enum A { b }\nexport default A\n',
      /failed: SyntaxError: TypeScript enum/,
    ],
    [
      'an import that leads nowhere',
      "import './nothing.ts'\n",
      /failed: Error: Cannot find module/,
    ],
    [
      'no default export',
      'export const project = {}\n',
      /has no default export; it exports project/,
    ],
  ])('blames the project file for %s', async (_, text, message) => {
    const { code, err } = await esteira(['check'], project('esteira.config.ts', text))
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('finds a wrong column in the SQL', async () => {
    const bad = GOOD.replace('SELECT * FROM customers', 'SELECT custmer_id FROM customers')
    const { code, err } = await esteira(['check'], project('esteira.config.ts', bad))
    expect(code).toBe(2)
    expect(err).toContain('did you mean "customer_id"?')
  })
})

describe('esteira doctor', () => {
  it('says what is missing and how to get it', async () => {
    const place = project(
      'esteira.config.ts',
      GOOD.replace('csv({', "({ kind: 'parquet', ").replace(
        'sources: {',
        `sources: { rates: { kind: 'http-json', url: '\${env:RATES_ADDRESS}' },`,
      ),
    )
    const { code, out } = await esteira(['doctor', '--json'], place)
    const { fit, findings } = JSON.parse(out)
    expect(fit).toBe(false)
    expect(code).toBe(7)
    expect(findings).toContainEqual(
      expect.objectContaining({ name: 'DuckDB', state: 'good', remedy: '' }),
    )
    expect(findings).toContainEqual(
      expect.objectContaining({
        name: 'metadata database',
        state: 'good',
        found: expect.stringContaining('made by the first run'),
      }),
    )
    expect(existsSync(path.join(place, '.esteira'))).toBe(false)
    expect(findings.at(-1)).toMatchObject({
      name: 'source "rates"',
      state: 'missing',
      found: 'the environment variable RATES_ADDRESS is not set',
    })
  })
})
