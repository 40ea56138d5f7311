import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { openDatabase } from '../../platform/database/index.ts'
import { createModelCatalog } from '../../stages/registry/catalog/index.ts'

const PROGRAM = path.join(import.meta.dirname, 'main.ts')
const { FORCE_COLOR: _, ...surroundings } = process.env
const ana = { name: 'ana', from: '10.0.0.7' }

let folder = ''
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-registry-'))
  const database = await openDatabase({ url: path.join(folder, 'metadata.db') })
  const catalog = createModelCatalog(database, { clock: systemClock })
  await catalog.createModel(ana, { name: 'churn', project: 'default' })
  const source = 's3://bucket/model'
  for (let i = 0; i < 2; i++) {
    const given = { model: 'churn', source, artifactUri: source, user: 'ana' }
    await catalog.createVersion(ana, given)
  }
  const change = { model: 'churn', version: 1, stage: 'Production' as const }
  await catalog.transitionStage(ana, { ...change, archiveExisting: false })
  await database.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function esteira(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args, '--data-dir', folder, '--json'], {
    cwd: folder,
    env: { ...surroundings, ESTEIRA_USER: 'bo' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [code] = await once(child, 'close')
  return { code, answer: JSON.parse(out || err || 'null') }
}

describe('the commands of the registry', () => {
  it('tell what stands where, and what did not yet', async () => {
    expect(await esteira('history', 'churn')).toMatchObject({
      code: 0,
      answer: [
        { subject: 'stage', place: 'Production', version: 1 },
        { subject: 'environment', place: 'production', version: 1, by: 'ana' },
      ],
    })
    expect(await esteira('history', 'churn', '--of', 'production')).toMatchObject({
      answer: { version: 1, event: { by: 'ana' } },
    })
    const early = await esteira('history', 'churn', '--of', 'production', '--at', '2020-01-01')
    expect(early).toEqual({ code: 0, answer: null })
    expect((await esteira('history', 'churn', '--at', 'yesterday')).code).toBe(2)
  })

  it('ask for approvals and decide on them', async () => {
    const asked = await esteira('approve', 'request', 'churn', '2', 'production', '--reason', 'new')
    expect(asked.answer).toMatchObject({ state: 'open', requestedBy: 'bo', version: 2 })
    const own = await esteira('approve', 'accept', asked.answer.id, '--reason', 'mine')
    expect(own).toMatchObject({ code: 3, answer: { error: { code: 'APPROVAL_BY_ANOTHER' } } })
    expect((await esteira('approve', 'list')).answer).toHaveLength(1)
  })

  it('retire what nothing depends on, and collect what was deleted', async () => {
    const used = await esteira('retire', 'churn', '1', '--reason', 'old')
    expect(used).toMatchObject({ code: 8, answer: { error: { code: 'VERSION_IN_USE' } } })
    const retired = await esteira('retire', 'churn', '2', '--reason', 'old')
    expect(retired).toMatchObject({ code: 0, answer: { version: 2, stage: 'Archived' } })
    const planned = await esteira('collect-garbage', '--keep-versions', '0', '--dry-run')
    expect(planned.answer.outdated).toEqual([{ model: 'churn', version: 2 }])
    const collected = await esteira('collect-garbage', '--keep-versions', '0')
    expect(collected.answer).toMatchObject({ outdated: 1, skipped: [] })
    expect((await esteira('collect-garbage', '--older-than', 'long')).code).toBe(2)
  })
})
