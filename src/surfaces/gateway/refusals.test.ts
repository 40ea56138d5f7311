import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AskedGateway, INFER, inputs, replace, tensor } from './fixtures/asked-gateway.ts'
import { ENDPOINT } from './fixtures/gateway-scene.ts'

let asked: AskedGateway
beforeEach(() => {
  asked = new AskedGateway()
})
afterEach(() => asked.close())

describe('refusing', () => {
  const cases: readonly (readonly [string, number, string, unknown])[] = [
    ['no JSON', 400, 'BODY_NOT_JSON', '{"inputs": ['],
    ['an empty body', 400, 'BODY_NOT_JSON', ''],
    ['an array', 400, 'BODY_INVALID', []],
    ['no inputs', 400, 'BODY_INVALID', {}],
    ['empty inputs', 400, 'BODY_INVALID', { inputs: [] }],
    ['an unknown field', 400, 'FIELD_UNKNOWN', { inputs: inputs(), input: [] }],
    ['an unknown parameter', 400, 'FIELD_UNKNOWN', { inputs: inputs(), parameters: { tme: 1 } }],
    ['a number as id', 400, 'BODY_INVALID', { id: 7, inputs: inputs() }],
    ['a time', 400, 'REQUEST_TIME_REFUSED', { inputs: inputs(), parameters: { time: 0 } }],
    ['repeated ids', 400, 'BODY_INVALID', { inputs: inputs(2), parameters: { ids: ['a', 'a'] } }],
    ['too few ids', 400, 'BODY_INVALID', { inputs: inputs(2), parameters: { ids: ['a'] } }],
    ['a mistyped input', 400, 'INPUT_UNKNOWN', { inputs: replace('hour', { name: 'houre' }) }],
    ['a missing input', 400, 'INPUT_MISSING', { inputs: inputs().slice(1) }],
    [
      'an input twice',
      400,
      'REQUEST_INPUT_REPEATED',
      { inputs: [...inputs(), tensor('hour', [1])] },
    ],
    [
      'text for a number',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('hour', { datatype: 'BYTES' }) },
    ],
    [
      'FP64 for a text',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('origin', { datatype: 'FP64' }) },
    ],
    [
      'no such datatype',
      400,
      'INPUT_DATATYPE_WRONG',
      { inputs: replace('hour', { datatype: 'BF16' }) },
    ],
    [
      'a text among numbers',
      400,
      'INPUT_VALUE_WRONG',
      { inputs: replace('hour', { data: ['12'] }) },
    ],
    ['a fraction as INT64', 400, 'INPUT_VALUE_WRONG', { inputs: replace('hour', { data: [1.5] }) }],
    [
      '300 as INT8',
      400,
      'INPUT_VALUE_WRONG',
      { inputs: replace('hour', { datatype: 'INT8', data: [300] }) },
    ],
    ['beyond float32', 400, 'INPUT_VALUE_WRONG', { inputs: replace('distance', { data: [1e39] }) }],
    [
      'an infinite number',
      400,
      'INPUT_VALUE_WRONG',
      JSON.stringify({ inputs: inputs() }).replace('900', '1e999'),
    ],
    [
      'two values for one row',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { data: [1, 2] }) },
    ],
    [
      'a wide shape',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [1, 2], data: [1, 2] }) },
    ],
    ['no rows', 400, 'INPUT_SHAPE_WRONG', { inputs: replace('hour', { shape: [0], data: [] }) }],
    [
      'ragged rows',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [1, 1], data: [[1, 2]] }) },
    ],
    [
      'columns of different length',
      400,
      'INPUT_SHAPE_WRONG',
      { inputs: replace('hour', { shape: [2], data: [1, 2] }) },
    ],
    [
      'an unknown output',
      400,
      'OUTPUT_UNKNOWN',
      { inputs: inputs(), outputs: [{ name: 'lable' }] },
    ],
    ['too many rows', 400, 'BATCH_TOO_LARGE', { inputs: inputs(21) }],
  ]

  test('names what is wrong and what to do, and logs nothing', async () => {
    await asked.serve({ deployment: { maxBatchRows: 20 } })
    for (const [what, status, code, body] of cases) {
      const answer = await asked.post(INFER, body)
      expect({ what, status: answer.status, code: answer.body.code }).toEqual({
        what,
        status,
        code,
      })
      expect(Object.keys(answer.body)).toEqual(['error', 'code', 'hint'])
      expect(answer.body.hint).not.toBe('')
    }
    expect(await asked.logged()).toEqual([])
  })

  test('asks "did you mean"', async () => {
    await asked.serve()
    const input = await asked.post(INFER, { inputs: replace('hour', { name: 'houre' }) })
    expect(input.body.hint).toContain('Did you mean "hour"?')
    const model = await asked.post('/v2/models/delay/infer', { inputs: inputs() })
    expect(model.status).toBe(404)
    expect(model.body.hint).toContain('Did you mean "delays"?')
    const version = await asked.post(`/v2/models/${ENDPOINT}/versions/9/infer`, {
      inputs: inputs(),
    })
    expect(version).toMatchObject({ status: 404, body: { code: 'MODEL_VERSION_UNKNOWN' } })
  })

  test('says little of a name as long as a body, and does not compare it letter by letter', async () => {
    await asked.serve()
    const name = 'n'.repeat(3_000_000)
    const named = await asked.post(INFER, { inputs: [...inputs(), tensor(name, [1])] })
    expect(named.body.code).toBe('INPUT_UNKNOWN')
    const field = await asked.post(INFER, { inputs: inputs(), [name]: 1 })
    expect(field.body.code).toBe('FIELD_UNKNOWN')
    for (const { body } of [named, field]) expect(JSON.stringify(body).length).toBeLessThan(1_000)
  })

  test('other content types and large bodies', async () => {
    await asked.serve({ gateway: { maxBodyBytes: 1_000 } })
    const url = `${asked.gateway.address}${INFER}`
    const typed = await fetch(url, { method: 'POST', body: 'a=b' })
    expect(typed.status).toBe(415)
    expect(await asked.post(INFER, { inputs: inputs(200) })).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    })
    expect((await fetch(`${asked.gateway.address}/v2/%E0%A4%A`)).status).toBe(400)
    expect(await asked.get('/nowhere')).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_UNKNOWN' },
    })
  })

  test('numbers far outside the training range are flagged, or refused by policy', async () => {
    await asked.serve()
    const far = { id: 'far', inputs: replace('distance', { data: [90_000] }) }
    expect((await asked.post(INFER, far)).status).toBe(200)
    expect((await asked.logged())[0]?.flags).toEqual(['out-of-range:distance'])
    const project = { ...asked.scene.project }
    project.deployment = { ...project.deployment, outOfRange: 'reject' }
    await asked.listen({ project })
    expect(await asked.post(INFER, { ...far, id: 'again' })).toMatchObject({
      status: 422,
      body: { code: 'INPUT_OUT_OF_RANGE' },
    })
  })

  test('when the log cannot be written there is no answer', async () => {
    await asked.serve()
    await asked.scene.log.close()
    const refused = await asked.post(INFER, { inputs: inputs() })
    expect(refused).toMatchObject({ status: 503, body: { code: 'PREDICTION_NOT_LOGGED' } })
    expect(await asked.post('/v1/labels', { labels: [{ id: 'a', label: '1' }] })).toMatchObject({
      status: 503,
      body: { code: 'LABELS_NOT_STORED' },
    })
    expect(asked.gateway.statistics().versions['1']).toMatchObject({
      requests: 1,
      failed: 1,
      errors: 1,
    })
  })
})
