import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase, DIALECTS } from '../../testkit/index.ts'
import { openRecordStore } from './database-record-store.ts'
import { openArtifactStore } from './file-artifact-store.ts'
import type { RecordStore } from './record-store.ts'
import { openOnlineStore } from './sqlite-online-store.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-crash-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const ROUNDS = 4
/** Four of each of the four kinds. */
const LEAST_WRITES = 16

/** Another file's address as a literal of the writer's program. */
function fileText(name: string): string {
  return JSON.stringify(new URL(name, import.meta.url).href)
}

/** Writes for ever, and prints `kind n` (and an artifact's digest) after each write that returned. */
const WRITER = `
import { writeSync } from 'node:fs'
import { openDatabase } from ${fileText('../database/index.ts')}
import { openRecordStore } from ${fileText('./database-record-store.ts')}
import { openArtifactStore } from ${fileText('./file-artifact-store.ts')}
import { openOnlineStore } from ${fileText('./sqlite-online-store.ts')}
const [folder, url, round] = process.argv.slice(-3)
const records = openRecordStore(await openDatabase({ url }), { project: 'p' })
const artifacts = openArtifactStore(folder + '/artifacts')
const online = openOnlineStore(folder + '/online.db')
const at = '2026-01-01T00:00:00.000Z'
for (let i = 0; ; i++) {
  const id = round + '-' + i
  await records.put('rollout-decision', id, { id, endpoint: 'e', action: 'wait', version: 1, percent: 0, reasons: [], at })
  writeSync(1, 'record ' + id + '\\n')
  await records.transaction(async (inner) => {
    await inner.writeState('left/' + id, { i }, 0)
    await inner.writeState('right/' + id, { i }, 0)
  })
  writeSync(1, 'state ' + id + '\\n')
  const ref = await artifacts.putBytes((id + ' ').repeat(40_000), { name: id })
  writeSync(1, 'artifact ' + ref.digest + '\\n')
  await online.put(id, Array.from({ length: 50 }, (_, n) => ({ keys: [n], values: { i }, eventTimeMs: i })))
  writeSync(1, 'online ' + id + '\\n')
}`

/** Lets the writer acknowledge some writes, and kills it a random moment later. */
function writeAndKill(folder: string, url: string, round: number): Promise<string> {
  const enough = LEAST_WRITES + Math.floor(Math.random() * 40)
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', WRITER, '--', folder, url, String(round)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return new Promise((resolve) => {
    let printed = ''
    let ending = false
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      printed += text
      if (ending || printed.split('\n').length <= enough) return
      ending = true
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 30)
    })
    child.once('close', () => resolve(printed))
  })
}

function acknowledged(printed: string, kind: string): string[] {
  return printed
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .filter(([name]) => name === kind)
    .map(([, id]) => String(id))
}

/** Names of the states written beside some records. */
async function statesOf(records: RecordStore, ids: readonly string[]): Promise<Set<string>> {
  const names = ids.flatMap((id) => [`left/${id}`, `right/${id}`])
  const found = await Promise.all(names.map((name) => records.readState(name)))
  return new Set(names.filter((_, i) => found[i]?.revision === 1))
}

describe.each(DIALECTS)('stores whose process is killed, metadata on %s', (dialect) => {
  it('have every acknowledged write and take nothing half-written for whole', async () => {
    const scene = await createTestDatabase(dialect)
    onTestFinished(() => scene.dispose())
    const folder = mkdtempSync(join(root, 'p-'))
    let printed = ''
    for (let round = 0; round < ROUNDS; round++)
      printed += await writeAndKill(folder, scene.url, round)
    expect(acknowledged(printed, 'record').length).toBeGreaterThanOrEqual(ROUNDS * 4)

    const records = openRecordStore(await scene.open(), { project: 'p' })
    const ids = acknowledged(printed, 'record')
    // Also of the writes nobody heard of: both or neither.
    const all = (await records.list('rollout-decision', { limit: 1_000_000 })).map(({ id }) => id)
    expect(ids.filter((id) => !all.includes(id))).toEqual([])
    const states = await statesOf(records, all)
    expect(acknowledged(printed, 'state').filter((id) => !states.has(`left/${id}`))).toEqual([])
    expect(all.filter((id) => states.has(`left/${id}`) !== states.has(`right/${id}`))).toEqual([])

    const online = openOnlineStore(join(folder, 'online.db'))
    for (const id of acknowledged(printed, 'online')) expect(await online.count(id)).toBe(50)
    for (const id of all) expect([0, 50]).toContain(await online.count(id))
    await online.close()

    const artifacts = openArtifactStore(join(folder, 'artifacts'))
    for (const digest of acknowledged(printed, 'artifact')) await artifacts.verify(digest)
    const shards = readdirSync(join(folder, 'artifacts', 'sha256'), { recursive: true })
    for (const name of shards.map(String).filter((path) => path.length > 64))
      await artifacts.verify(name.slice(-64))
    expect(readdirSync(join(folder, 'artifacts', 'tmp'))).toEqual([])
  })
})
