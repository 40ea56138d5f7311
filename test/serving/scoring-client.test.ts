import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/time/index.ts'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway } from '../../src/surfaces/gateway/index.ts'
import { clientPython } from '../mlflow/run-client.ts'
import { runPython } from './run-python.ts'

test('the client of the scoring protocol works unchanged', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-scoring-'))
  const scene = await openGatewayScene(folder)
  const gateway = createGateway({ ...scene, clock: systemClock })
  try {
    await scene.addVersion('first')
    await scene.rollOut(1)
    const { port } = new URL(await gateway.listen())
    const python = await clientPython('3')
    const environment = { PORT: port }
    const facts = await runPython({ python, program: 'scoring_client.py', environment })
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+/)
    expect(facts.labels).toHaveLength(2)
    expect(facts.csv).toEqual({ predictions: facts.labels })
    expect(facts.probabilities).toHaveLength(2)
    expect(facts.refusal).toMatch(/INPUT_UNKNOWN/)
  } finally {
    await gateway.close()
    await scene.close()
    rmSync(folder, { recursive: true })
  }
})
