import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { runEsteira } from './packaged/run-esteira.ts'

const ROWS = 'id,distance,hour,carrier,origin\n007,900,12,B6,JFK\n008,,21,AA,EWR\n'

let folder: string
let out: string
let err: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-predict-command-'))
  out = ''
  err = ''
  const scene = await openGatewayScene(join(folder, '.esteira'))
  await scene.addVersion('first')
  await scene.rollOut(1)
  writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(scene.project))
  await scene.close()
  writeFileSync(join(folder, 'flights.csv'), 'id,at,late\n')
  writeFileSync(join(folder, 'rows.csv'), ROWS)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function predict(...args: readonly string[]): Promise<number> {
  const done = await runEsteira(folder, [
    'predict',
    '--input',
    'rows.csv',
    '--output',
    'out.csv',
    ...args,
  ])
  out += done.out
  err += done.err
  return done.code
}

describe('esteira predict', () => {
  test('writes the answers with their ids, and says what it did', async () => {
    expect(await predict('--json'), err).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ version: 1, rows: 2, predicted: 2, refused: 0 })
    const [header, ...lines] = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n')
    expect(header).toBe('id,prediction,probability_0,probability_1,decision')
    expect(lines.map((line) => line.split(',')[0])).toEqual(['007', '008'])
  })

  test('tells people, with progress beside', async () => {
    expect(await predict('--model-version', 'v1', '--keep', 'id, carrier'), err).toBe(0)
    expect(out).toMatch(/rows +2 of 2 answered/)
    expect(err).toContain('predict')
  })

  test('shows the rows that it leaves out', async () => {
    writeFileSync(join(folder, 'rows.csv'), `${ROWS}009,far,12,B6,JFK\n`)
    expect(await predict()).toBe(5)
    expect(err).toContain('row 3, distance: expected a finite number within float32, got "far"')
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
    expect(await predict('--on-invalid', 'skip')).toBe(0)
    expect(out).toMatch(/3 +distance +expected a finite number/)
  })

  test.each([
    [['--at', 'noon'], 2],
    [['--at', '2024-05-01', '--at-column', 'hour'], 2],
    [['--model-version', 'first'], 2],
    [['--model-version', '1', '--environment', 'production'], 2],
    [['--environment', 'production'], 9],
    [['--on-invalid', 'guess'], 2],
    [['--keep', 'id,,hour'], 2],
    [['--keep', 'nothing'], 5],
  ])('refuses %j', async (args, code) => {
    expect(await predict(...args)).toBe(code)
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
  })
})
