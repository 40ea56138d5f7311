import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { esteira } from './fixtures/esteira.ts'
import { makeFolder } from './fixtures/folders.ts'

const SECRET = 'hunter2'
/** Port 1 is reserved and nothing listens there. */
const NOWHERE = '127.0.0.1:1'

let folder: string
let empty: string
let removeFolders: (() => void)[]

beforeAll(async () => {
  const made = [makeFolder({}), makeFolder({})]
  removeFolders = made.map(({ remove }) => remove)
  ;[folder = '', empty = ''] = made.map(({ folder: path }) => path)
  const scene = await openGatewayScene(path.join(folder, '.esteira'))
  await scene.addVersion('first')
  await scene.rollOut(1)
  await scene.close()
  const files = {
    'esteira.config.json': JSON.stringify(scene.project),
    'a-file': 'not a folder',
    'other.csv': 'a,b\n1,2\n',
    'right.csv': 'distance,hour,carrier,origin\n900,12,B6,JFK\n',
    'unknown.yaml': 'prot: 1\n',
    'broken.yaml': 'port: [\n',
    'taken.tar': 'something',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  mkdirSync(path.join(folder, 'folder.csv'))
  const junk = path.join(empty, 'metadata.db')
  writeFileSync(junk, 'this is no database'.repeat(50))
})
afterAll(() => {
  for (const remove of removeFolders) remove()
})

interface Refusal {
  readonly exit: number
  readonly code: string
  readonly says: RegExp
}

/** One clear sentence with a way out: no trace, no secret, nothing begun. */
async function expectRefusal(
  args: readonly string[],
  { exit, code, says }: Refusal,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ended = await esteira(folder, [...args, '--json'], { environment })
  expect({ exit: ended.code, out: ended.out }, ended.err).toEqual({ exit, out: '' })
  // What warns before stands in lines of its own.
  const line = ended.err.trim().split('\n').at(-1) ?? ''
  const { error } = JSON.parse(ended.err.trim().startsWith('{') ? ended.err : line)
  expect(error).toMatchObject({ code })
  expect(error.message).toMatch(says)
  expect(error.hint).not.toBe('')
  expect(ended.err).not.toContain(SECRET)
  expect(ended.err).not.toMatch(/\n\s+at .*\.ts:\d+/)
}

const server = (port = '0') => ['--port', port, '--data-dir', 'data']

describe.each(['serve', 'gateway'])('esteira %s', (command) => {
  test.each<[readonly string[], Refusal]>([
    [server('abc'), { exit: 2, code: 'CONFIG_INVALID', says: /--port/ }],
    [server('70000'), { exit: 2, code: 'CONFIG_INVALID', says: /65535/ }],
    [
      [...server(), '--host', '0.0.0.0'],
      { exit: 2, code: 'LOGIN_NOT_SET_UP', says: /open to everybody/ },
    ],
    [
      [...server(), '--database-url', `mysql://root:${SECRET}@h/x`],
      { exit: 2, code: 'DATABASE_URL_INVALID', says: /mysql/ },
    ],
    [
      [...server(), '--database-url', `postgres://user:${SECRET}@${NOWHERE}/x`],
      { exit: 7, code: 'DATABASE_UNREACHABLE', says: /user:\*\*\*@127/ },
    ],
    [
      [...server(), '--config', 'unknown.yaml'],
      { exit: 2, code: 'CONFIG_INVALID', says: /no setting "prot"/ },
    ],
    [
      [...server(), '--config', 'broken.yaml'],
      { exit: 2, code: 'CONFIG_INVALID', says: /broken\.yaml/ },
    ],
    [
      [...server(), '--config', 'nothing.yaml'],
      { exit: 2, code: 'CONFIG_INVALID', says: /nothing\.yaml/ },
    ],
    [
      ['--port', '0', '--data-dir', 'a-file'],
      { exit: 7, code: 'DATA_FOLDER_UNUSABLE', says: /a file stands in its place/ },
    ],
  ])('%j', (args, refusal) => expectRefusal([command, ...args], refusal))

  test('with settings of the environment that cannot be', async () => {
    await expectRefusal(
      [command, ...server()],
      { exit: 2, code: 'CONFIG_INVALID', says: /ESTEIRA_ONLINE_STORE.*redis:\/\// },
      { ESTEIRA_ONLINE_STORE: `ftp://user:${SECRET}@x` },
    )
    await expectRefusal(
      [command, '--data-dir', 'data'],
      { exit: 2, code: 'CONFIG_INVALID', says: /ESTEIRA_PORT/ },
      { ESTEIRA_PORT: 'abc' },
    )
  })

  test('on a database that is none, and on a port that is taken', async () => {
    await expectRefusal([command, '--port', '0', '--data-dir', empty], {
      exit: 5,
      code: 'METADATA_CORRUPT',
      says: /metadata\.db is damaged/,
    })
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? String(address.port) : ''
    const taken = { exit: 8, code: 'SERVER_ADDRESS_TAKEN', says: /cannot listen/ }
    await expectRefusal([command, ...server(port)], taken)
    other.close()
  })
})

test.each<[readonly string[], Refusal]>([
  [['--workers', '0'], { exit: 2, code: 'CONFIG_INVALID', says: /workers/ }],
  [['--workers', 'abc'], { exit: 2, code: 'CONFIG_INVALID', says: /workers/ }],
  [['--workers', '9999'], { exit: 2, code: 'CONFIG_INVALID', says: /256/ }],
  [['--memory-budget', '-1'], { exit: 2, code: 'CONFIG_INVALID', says: /memoryBudget/ }],
  [['.', '.'], { exit: 8, code: 'ENDPOINT_REPEATED', says: /"delays"/ }],
  [['.esteira'], { exit: 2, code: 'PROJECT_FILE_MISSING', says: /No project file/ }],
])('esteira gateway %j', (args, refusal) =>
  expectRefusal(['gateway', '--port', '0', ...args], refusal),
)

const predict = (input: string, output: string, ...more: string[]) => {
  return ['predict', '--input', input, '--output', output, ...more]
}

test.each<[readonly string[], Refusal]>([
  [predict('no.csv', 'o.csv'), { exit: 5, code: 'ROWS_FILE_UNREADABLE', says: /no such file/ }],
  [
    predict('other.csv', 'o.csv'),
    { exit: 5, code: 'ROWS_COLUMN_MISSING', says: /expected distance, hour, carrier, origin/ },
  ],
  [
    predict('right.csv', 'o.csv', '--model-version', '99'),
    { exit: 9, code: 'VERSION_NOT_FOUND', says: /99/ },
  ],
  [predict('right.csv', 'o.xls'), { exit: 2, code: 'ROWS_FILE_UNFIT', says: /\.parquet/ }],
  [
    predict('right.csv', 'a-file/o.csv'),
    { exit: 2, code: 'ROWS_FILE_UNWRITABLE', says: /a file stands/ },
  ],
  [
    predict('right.csv', 'folder.csv'),
    { exit: 2, code: 'ROWS_FILE_UNWRITABLE', says: /it is a folder/ },
  ],
  [
    ['package', '--model-version', '99', '--output', 'i.tar'],
    { exit: 9, code: 'VERSION_NOT_FOUND', says: /99/ },
  ],
  [['package', '--output', 'taken.tar'], { exit: 2, code: 'IMAGE_OUTPUT_TAKEN', says: /exists/ }],
  [['rollout', 'start', '99', '--reason', 'x'], { exit: 9, code: 'VERSION_NOT_FOUND', says: /99/ }],
  [
    ['rollout', 'abort', '--reason', 'x'],
    { exit: 8, code: 'NO_ROLLOUT_UNDER_WAY', says: /version 1 answers/ },
  ],
  [
    ['import', 'mlflow', '--from', `postgresql://u:${SECRET}@${NOWHERE}/x`],
    { exit: 7, code: 'IMPORT_SOURCE_UNREADABLE', says: /u:\*\*\*@/ },
  ],
  [
    ['import', 'mlflow', '--from', 'sqlite:///nothing.db'],
    { exit: 7, code: 'IMPORT_SOURCE_UNREADABLE', says: /nothing\.db/ },
  ],
  [
    ['import', 'mlflow', '--from', 'ftp://x'],
    { exit: 2, code: 'IMPORT_SOURCE_INVALID', says: /ftp/ },
  ],
  [['adopt', 'nobody', '1'], { exit: 9, code: 'MODEL_NOT_FOUND', says: /nobody/ }],
  [['history', 'nobody'], { exit: 9, code: 'MODEL_NOT_FOUND', says: /nobody/ }],
  [
    ['history', 'nobody', '--of', 'production'],
    { exit: 9, code: 'MODEL_NOT_FOUND', says: /nobody/ },
  ],
  [['card', 'flight-delays', '99'], { exit: 9, code: 'VERSION_NOT_FOUND', says: /99/ }],
  [
    ['card', 'flight-delays', '1', '--write', 'no.md', '--reason', 'x'],
    { exit: 2, code: 'COMMAND_INVALID', says: /no\.md/ },
  ],
  [
    ['retire', 'flight-delays', '99', '--reason', 'x'],
    { exit: 9, code: 'VERSION_NOT_FOUND', says: /99/ },
  ],
  [
    ['collect-garbage', '--older-than', 'soon'],
    { exit: 2, code: 'COMMAND_INVALID', says: /"soon" is no duration/ },
  ],
])('esteira %j', (args, refusal) => expectRefusal(args, refusal))
