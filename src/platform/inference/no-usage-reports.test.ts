import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const here = (name: string) => path.join(import.meta.dirname, name)

// In a process of its own: the engine decides once, when its first session is made. Its reporter
// keeps a session file and a log in the temporary folder, whether or not it reaches the network.
const PROGRAM = `
  import { readFileSync } from 'node:fs'
  const { loadModel } = await import(${JSON.stringify(here('index.ts'))})
  const { signature } = JSON.parse(readFileSync(${JSON.stringify(here('fixtures/binary.json'))}, 'utf8'))
  const model = await loadModel({ path: ${JSON.stringify(here('fixtures/binary.onnx'))}, signature })
  await model.close()
`

test('the engine keeps no usage reports for its maker', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-reports-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { ORT_DISABLE_TELEMETRY: _, ...environment } = process.env
  execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    env: { ...environment, TMPDIR: folder },
  })
  expect(readdirSync(folder)).toEqual([])
})
