import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openGatewayScene } from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { startServer } from '../faults/fixtures/server-process.ts'
import { runPython, tritonPython } from './run-python.ts'

test('esteira serve --grpc-port answers both transports until it is ended', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-serve-grpc-'))
  const scene = await openGatewayScene(folder)
  await scene.addVersion('first')
  await scene.rollOut(1)
  writeFileSync(join(folder, 'esteira.config.json'), JSON.stringify(scene.project))
  await scene.close()
  const grpcPort = await freePort()
  const server = await startServer({ folder, args: ['--grpc-port', String(grpcPort)] })
  try {
    const environment = {
      HTTP_ADDRESS: new URL(server.url).host,
      GRPC_ADDRESS: `127.0.0.1:${grpcPort}`,
      TOKEN: '',
    }
    const program = 'triton_client.py'
    const facts = await runPython({ python: await tritonPython(), program, environment })
    expect(facts.grpc).toMatchObject({ live: true, modelReady: true, id: 'echo' })
  } finally {
    expect(await server.stop()).toBe(0)
    rmSync(folder, { recursive: true })
  }
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
