import { execFile } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CodeBlock, codeBlocks } from '../../scripts/checks/markdown.ts'
import { tritonPython } from '../serving/run-python.ts'
import { documentOf, esteira, type Running, startEsteira } from './fixtures/esteira.ts'
import { makeFolder, writeFiles } from './fixtures/folders.ts'

const PROJECT_GUIDE = 'docs/guides/first-project.md'
const GUIDE = 'docs/guides/serving.md'
const PACKAGE = pathToFileURL(path.join(import.meta.dirname, '../../src/index.ts')).href
const TIMEOUT = 300_000
const run = promisify(execFile)

let folder: string
let remove: () => void
let server: Running | undefined
let addresses: { readonly http: string; readonly grpc: string }
let python: string

/** The project of the guide to the first project, made and run by its own words. */
beforeAll(async () => {
  ;({ folder, remove } = makeFolder({}))
  const block = (language: string) =>
    codeBlocks(PROJECT_GUIDE).find((one) => one.language === language)?.code ?? ''
  writeFiles(folder, {
    'make-data.mjs': block('js'),
    'esteira.config.ts': block('ts').replace("'esteira'", `'${PACKAGE}'`),
  })
  await run(process.execPath, ['make-data.mjs'], { cwd: folder })
  expect(await esteira(folder, ['check'])).toMatchObject({ code: 0 })
  expect(await documentOf(folder, ['run'])).toMatchObject({ run: { outcome: 'deployed' } })
  server = startEsteira(folder, ['serve', '--port', '0', '--grpc-port', '0'])
  const [, http = '', grpc = ''] = await server.printed(/answers at (\S+?), over gRPC at (\S+?),/)
  addresses = { http, grpc }
  python = await tritonPython()
}, TIMEOUT)
afterAll(async () => {
  server?.child.kill('SIGTERM')
  expect(await server?.ended).toMatchObject({ code: 0 })
  remove()
})

const here = (code: string) =>
  code
    .replaceAll('http://127.0.0.1:8080', addresses.http)
    .replaceAll('127.0.0.1:8081', addresses.grpc)

const blocksOf = (guide: string, language: string, word: string): readonly CodeBlock[] =>
  codeBlocks(guide).filter((one) => one.language === language && one.code.includes(word))

/** A block's curl commands, each over one line or several. */
async function answersOf({ code }: CodeBlock): Promise<unknown[]> {
  const commands = here(code)
    .split(/\n(?=curl |esteira )|\n\n/)
    .filter((command) => command.startsWith('curl '))
  const answers: unknown[] = []
  for (const command of commands)
    answers.push(JSON.parse((await run('sh', ['-c', command])).stdout))
  return answers
}

describe('the guides to the first project and to serving', () => {
  it('ask for a prediction as they say', async () => {
    const [first] = await answersOf(blocksOf(PROJECT_GUIDE, 'sh', 'curl')[0] as CodeBlock)
    expect(first).toMatchObject({ model_name: 'churn', id: 'c6000' })
  })

  it('show every curl command as it works', async () => {
    const blocks = blocksOf(GUIDE, 'sh', 'curl')
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    const answers = (await Promise.all(blocks.map(answersOf))).flat()
    expect(answers).toEqual([
      expect.objectContaining({ name: 'churn', platform: 'onnx_onnxv1' }),
      expect.objectContaining({ model_name: 'churn', id: 'c6000' }),
      { predictions: [expect.anything()] },
      { predictions: [expect.anything()] },
      expect.objectContaining({ endpoint: 'churn', ready: true }),
      expect.objectContaining({ endpoint: 'churn', versions: expect.anything() }),
    ])
  })

  it('show every Python program as it works, with nothing but what they name', async () => {
    const [ask, label] = blocksOf(GUIDE, 'python', 'post(')
    const { stdout } = await run(python, ['-c', here(`${ask?.code}\n\nprint(${label?.code})`)])
    const [decisions = '', accepted = ''] = stdout.trim().split('\n')
    expect(decisions).toMatch(/^\{'c6000': (True|False), 'c6001': (True|False)\}$/)
    expect(accepted).toBe("{'accepted': 1}")
    const [grpc] = blocksOf(GUIDE, 'python', 'tritonclient')
    const said = await run(python, ['-c', here(grpc?.code ?? '')])
    expect(said.stdout).toMatch(/^\[\s*(True|False)\]/)
  })

  it('answer a file as they say', async () => {
    writeFiles(folder, {
      'rows.csv': 'customer_id,plan,months,complaints,monthly_fee\nc6000,monthly,4,3,\n',
    })
    const [predict] = blocksOf(GUIDE, 'sh', 'esteira predict')
    const [, ...args] = (predict?.code.trim() ?? '').split(' ')
    expect(await documentOf(folder, args)).toMatchObject({ predicted: 1, refused: 0 })
  })
})
