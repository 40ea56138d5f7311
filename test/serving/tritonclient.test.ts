import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runPython, tritonPython } from './run-python.ts'
import { openServingScene, type ServingScene } from './serving-scene.ts'

interface ClientFacts {
  readonly [fact: string]: unknown
  readonly raw: { readonly probabilities: number[][] }
}

let scene: ServingScene
let facts: Readonly<Record<string, ClientFacts>>

beforeAll(async () => {
  scene = await openServingScene()
  const environment = {
    HTTP_ADDRESS: new URL(scene.url).host,
    GRPC_ADDRESS: scene.grpcAddress,
    TOKEN: scene.token,
  }
  const python = await tritonPython()
  facts = (await runPython({ python, program: 'triton_client.py', environment })) as typeof facts
}, 300_000)
afterAll(() => scene.dispose())

describe.each(['http', 'grpc'])('the reference client over %s', (transport) => {
  const told = (): ClientFacts => facts[transport] ?? { raw: { probabilities: [] } }

  test('finds the server and its model live and ready', () => {
    expect(told()).toMatchObject({ live: true, ready: true, modelReady: true, versionReady: true })
    expect(told().server).toMatchObject({ name: 'esteira' })
    expect(told().metadata).toMatchObject({ name: 'delays', versions: ['1'] })
    expect(told().index).toEqual([expect.objectContaining({ name: 'delays', state: 'READY' })])
  })

  test('gets predictions for bytes, and the same for matrices', () => {
    expect(told().raw.probabilities).toHaveLength(3)
    for (const row of told().raw.probabilities) {
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
    }
    expect(told().matrix).toEqual(told().raw)
    expect(told().id).toBe('echo')
    expect(told().onlyLabel).toEqual([true, expect.arrayContaining([expect.any(String)])])
  })

  test('is told what is wrong', () => {
    expect(told().unknownModel).toMatchObject({ message: 'No model "none" is served here.' })
    expect(told().unknownInput).toMatchObject({ message: 'The model has no input "distanc".' })
    expect(told().unload).toMatchObject({ message: expect.stringContaining('rollout') })
    expect(told().loadOther).toMatchObject({ message: 'No model "none" is served here.' })
  })
})

test('both transports give the same answers, as JSON or compressed too', () => {
  expect(facts.grpc?.raw).toEqual(facts.http?.raw)
  expect(facts.http?.compressed).toEqual(facts.http?.raw)
  expect(facts.http?.json).toHaveLength(3)
})
