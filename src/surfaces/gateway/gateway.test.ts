import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AskedGateway, INFER, inputs, replace, tensor } from './fixtures/asked-gateway.ts'
import { ENDPOINT, readExpected } from './fixtures/gateway-scene.ts'
import type { InferResponse } from './open-inference.ts'

let asked: AskedGateway
beforeEach(() => {
  asked = new AskedGateway()
})
afterEach(() => asked.close())

function output(response: InferResponse, name: string) {
  return response.outputs.find((candidate) => candidate.name === name)?.data
}

describe('predicting', () => {
  test.each(['binary', 'three-classes', 'regression', 'clusters'] as const)(
    'gives the answers of the original model: %s',
    async (model) => {
      await asked.serve({ model })
      const { columns, output: expected, rows } = readExpected(model)
      const body = {
        id: 'batch',
        inputs: Object.entries(columns).map(([name, data]) =>
          tensor(name, data, data.some((value) => typeof value === 'string') ? 'BYTES' : 'FP32'),
        ),
      }
      const answer = await asked.post<InferResponse>(INFER, body)
      expect(answer.status).toBe(200)
      const [first] = answer.body.outputs
      const width = expected.length / rows
      expect(first?.shape).toEqual(width > 1 ? [rows, width] : [rows])
      for (const [i, value] of (first?.data ?? []).entries()) {
        expect(Math.abs(Number(value) - (expected[i] ?? Number.NaN))).toBeLessThan(1e-4)
      }
      expect((await asked.logged()).map(({ id }) => id)).toEqual(
        Array.from({ length: rows }, (_, i) => `batch/${i}`),
      )
    },
  )

  test('answers as the protocol says, with label and decision by the threshold', async () => {
    await asked.serve()
    const { status, body } = await asked.post<InferResponse>(INFER, {
      id: 'flight-1',
      inputs: inputs(),
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ model_name: ENDPOINT, model_version: '1', id: 'flight-1' })
    expect(body.parameters).toEqual({ role: 'stable', ids: ['flight-1'] })
    const positive = Number(output(body, 'probabilities')?.[1])
    expect(output(body, 'decision')).toEqual([positive >= 0.4])
    expect(output(body, 'label')).toEqual([positive >= 0.4 ? '1' : '0'])
  })

  test('logs what the model saw before it answers', async () => {
    await asked.serve()
    const { body } = await asked.post<InferResponse>(INFER, { id: 'flight-1', inputs: inputs() })
    expect(await asked.logged()).toEqual([
      expect.objectContaining({
        id: 'flight-1',
        endpoint: ENDPOINT,
        version: 1,
        role: 'stable',
        inputs: { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' },
        output: output(body, 'probabilities'),
        flags: [],
      }),
    ])
  })

  test('names rows by the caller, by the request, or by itself', async () => {
    await asked.serve()
    const named = { parameters: { ids: ['a', 'b'] }, inputs: inputs(2) }
    expect((await asked.post<InferResponse>(INFER, named)).body.parameters.ids).toEqual(['a', 'b'])
    const { body } = await asked.post<InferResponse>(INFER, { inputs: inputs(2) })
    expect(body.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(body.parameters.ids).toEqual([`${body.id}/0`, `${body.id}/1`])
  })

  test('takes columns of shape [n, 1], nested or flat, and nulls as missing', async () => {
    await asked.serve()
    const nested = replace('distance', { shape: [1, 1], data: [[null]] })
    const flat = replace('distance', { shape: [1, 1], data: [null] })
    const answers = [
      await asked.post<InferResponse>(INFER, { inputs: nested }),
      await asked.post<InferResponse>(INFER, { inputs: flat }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await asked.logged())[0]?.inputs.distance).toBeNull()
  })

  test('gives only the wanted outputs', async () => {
    await asked.serve()
    const wanted = { inputs: inputs(), outputs: [{ name: 'decision' }] }
    const { body } = await asked.post<InferResponse>(INFER, wanted)
    expect(body.outputs.map(({ name }) => name)).toEqual(['decision'])
  })

  test('a version can be asked for by its number', async () => {
    await asked.serve()
    const path = `/v2/models/${ENDPOINT}/versions/1/infer`
    expect((await asked.post<InferResponse>(path, { inputs: inputs() })).body.model_version).toBe(
      '1',
    )
  })

  test('requests that come together share calls and each get their own answer', async () => {
    await asked.serve()
    const { columns, output: expected, rows } = readExpected('binary')
    const answers = await Promise.all(
      Array.from({ length: rows }, (_, row) =>
        asked.post<InferResponse>(INFER, {
          id: `row-${row}`,
          inputs: Object.entries(columns).map(([name, data]) =>
            tensor(name, [data[row]], name === 'distance' || name === 'hour' ? 'FP64' : 'BYTES'),
          ),
        }),
      ),
    )
    for (const [row, { body }] of answers.entries()) {
      expect(body.id).toBe(`row-${row}`)
      const probability = Number(output(body, 'probabilities')?.[1])
      expect(Math.abs(probability - Number(expected[2 * row + 1]))).toBeLessThan(1e-4)
    }
  })
})

describe('looking up features', () => {
  const NOON = Date.UTC(2013, 6, 1, 12)
  const withoutHour = () => inputs().filter(({ name }) => name !== 'hour')

  async function serveFeatures(missingFeatures: 'null' | 'error' = 'null'): Promise<void> {
    await asked.serve({
      featureView: true,
      deployment: { missingFeatures },
      gateway: { acceptRequestTime: true },
    })
    await asked.scene.online.put('airport', [
      { keys: ['JFK'], values: { hour: 17 }, eventTimeMs: NOON },
    ])
  }

  async function seenAt(timeMs: number | string): Promise<unknown> {
    const body = { id: String(timeMs), parameters: { time: timeMs }, inputs: withoutHour() }
    const { status } = await asked.post<InferResponse>(INFER, body)
    return status === 200
      ? (await asked.logged()).find(({ id }) => id === String(timeMs))?.inputs.airport__hour
      : status
  }

  test('uses a value from its availability to its time to live, no sooner and no later', async () => {
    await serveFeatures()
    const [hour, day] = [3_600_000, 86_400_000]
    expect(await seenAt(NOON + hour - 1)).toBeNull()
    expect(await seenAt(NOON + hour)).toBe(17)
    expect(await seenAt(new Date(NOON + day).toISOString())).toBe(17)
    expect(await seenAt(NOON + day + 1)).toBeNull()
  })

  test('a missing feature is an error where the policy says so', async () => {
    await serveFeatures('error')
    const body = { parameters: { time: NOON - 1 }, inputs: withoutHour() }
    const { status, body: refusal } = await asked.post(INFER, body)
    expect(status).toBe(422)
    expect(refusal.error).toBe(
      'The feature view "airport" has no fresh value for origin = "JFK" (row 0).',
    )
  })

  test('the metadata tells what to send', async () => {
    await serveFeatures()
    const { body } = await asked.get<{ inputs: { name: string; parameters: object }[] }>(
      `/v2/models/${ENDPOINT}`,
    )
    expect(body.inputs.map(({ name }) => name)).toEqual(['distance', 'carrier', 'origin'])
    expect(body.inputs[2]?.parameters).toEqual({
      nullable: true,
      model_input: true,
      entity_key: true,
    })
  })
})
