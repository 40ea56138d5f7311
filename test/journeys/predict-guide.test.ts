import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeBlocks } from '../../scripts/checks/markdown.ts'
import { systemClock } from '../../src/core/time/index.ts'
import {
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import {
  createGateway,
  type Gateway,
  type GrpcGateway,
  openGrpcGateway,
} from '../../src/surfaces/gateway/index.ts'
import { tritonPython } from '../serving/run-python.ts'

const GUIDE = 'docs/guides/predict.md'
const CLIENT = pathToFileURL(path.join(import.meta.dirname, '../../src/surfaces/client/index.ts'))
const LANGUAGES = ['sh', 'ts', 'python']
const run = promisify(execFile)

let folder: string
let scene: GatewayScene
let gateway: Gateway
let grpc: GrpcGateway
let address: string
let python: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-predict-guide-'))
  scene = await openGatewayScene(path.join(folder, 'scene'))
  await scene.addVersion('first')
  await scene.rollOut(1)
  gateway = createGateway({ ...scene, clock: systemClock })
  address = await gateway.listen()
  grpc = await openGrpcGateway(gateway.service, {
    port: 0,
    maxMessageBytes: 1_000_000,
    authorize: async ({ about }) => ({ allowed: about }),
  })
  python = await tritonPython()
}, 300_000)
afterAll(async () => {
  await grpc.close()
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

/** Runs a block as it stands in the guide, but for the addresses and where the package is. */
async function runBlock(language: string, code: string, name: string): Promise<string> {
  const here = code
    .replaceAll('127.0.0.1:8080', new URL(address).host)
    .replaceAll('127.0.0.1:8081', grpc.address)
  if (language === 'sh') return (await run('sh', ['-c', here])).stdout
  if (language === 'python') return (await run(python, ['-c', here])).stdout
  const file = path.join(folder, `${name}.ts`)
  writeFileSync(file, here.replace("'esteira/client'", `'${CLIENT.href}'`))
  return (await run(process.execPath, [file])).stdout
}

it('every block of the guide runs as it stands there, and shows what stands under it', {
  timeout: 120_000,
}, async () => {
  const blocks = codeBlocks(GUIDE)
  const pairs = blocks.flatMap((block, i) => {
    return LANGUAGES.includes(block.language) ? [{ block, shown: blocks[i + 1] }] : []
  })
  expect(new Set(pairs.map(({ block }) => block.language))).toEqual(new Set(LANGUAGES))
  expect(blocks).toHaveLength(pairs.length * 2)
  for (const [i, { block, shown }] of pairs.entries()) {
    const said = await runBlock(block.language, block.code, `block-${i}`)
    const where = `${GUIDE}:${block.line}`
    if (shown?.language === 'json') {
      expect([where, JSON.parse(said)]).toEqual([where, JSON.parse(shown.code)])
    } else expect([where, said.trim()]).toEqual([where, shown?.code.trim()])
  }
})
