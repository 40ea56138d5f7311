import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { estimateMemory } from './estimate-memory.ts'
import { bytesField, numberField, textField } from './protobuf-writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-estimate-'))
afterAll(() => rmSync(folder, { recursive: true }))

function model(tensorBytes: number, nodeBytes: number): string {
  const tensor = bytesField(5, [bytesField(9, [new Uint8Array(tensorBytes)])])
  const node = bytesField(1, [bytesField(5, [new Uint8Array(nodeBytes)])])
  const path = join(folder, `${tensorBytes}-${nodeBytes}.onnx`)
  writeFileSync(
    path,
    Buffer.concat([numberField(1, 8), textField(2, 'a'), bytesField(7, [node, tensor])]),
  )
  return path
}

test('weights count once, everything else ten times', async () => {
  const none = await estimateMemory(model(0, 0))
  const near = (value: number, expected: number) =>
    expect(Math.abs(value - expected)).toBeLessThan(1_000)
  near((await estimateMemory(model(1e6, 0))) - none, 1.2e6)
  near((await estimateMemory(model(0, 1e6))) - none, 10e6)
  near((await estimateMemory(model(2e6, 3e6))) - none, 32.4e6)
})

test('a broken file is estimated by its size, and one that is not there is an error', async () => {
  const path = join(folder, 'broken')
  writeFileSync(path, new Uint8Array(1_000).fill(0xff))
  expect(await estimateMemory(path)).toBe(256 * 1_024 + 10_000)
  const fixture = fileURLToPath(new URL('./fixtures/binary.onnx', import.meta.url))
  expect(await estimateMemory(fixture)).toBeGreaterThan(256 * 1_024)
  await expect(estimateMemory(join(folder, 'none'))).rejects.toMatchObject({
    code: 'MODEL_CORRUPT',
  })
})
