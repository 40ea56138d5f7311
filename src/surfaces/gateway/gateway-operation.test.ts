import { get as httpGet } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/time/index.ts'
import { createGateway } from './create-gateway.ts'
import { AskedGateway, INFER, inputs } from './fixtures/asked-gateway.ts'
import { ENDPOINT } from './fixtures/gateway-scene.ts'

let asked: AskedGateway
beforeEach(() => {
  asked = new AskedGateway()
})
afterEach(() => asked.close())

describe('taking labels', () => {
  test('joins them to predictions by id, with their time', async () => {
    await asked.serve()
    await asked.post(INFER, { id: 'a', inputs: inputs() })
    await asked.post(INFER, { id: 'b', inputs: inputs() })
    const labels = [
      { id: 'a', label: 1, time: '2013-07-02T00:00:00Z' },
      { id: 'b', label: '0' },
    ]
    expect(await asked.post('/v1/labels', { labels })).toEqual({
      status: 200,
      body: { accepted: 2 },
    })
    expect((await asked.logged()).map(({ label }) => label)).toEqual(['1', '0'])
  })

  test('refuses a class the model does not know, whole or not at all', async () => {
    await asked.serve()
    await asked.post(INFER, { id: 'a', inputs: inputs() })
    const labels = [
      { id: 'a', label: '1' },
      { id: 'a', label: 'late' },
    ]
    expect(await asked.post('/v1/labels', { labels })).toMatchObject({
      status: 400,
      body: { code: 'LABEL_WRONG', hint: 'Known: 0, 1.' },
    })
    expect((await asked.logged())[0]?.label).toBeNull()
  })
})

describe('telling about itself', () => {
  test('health, metadata and statistics', async () => {
    await asked.serve()
    expect(await asked.get('/v2')).toMatchObject({ status: 200, body: { name: 'esteira' } })
    expect((await asked.get('/v2/health/live')).status).toBe(200)
    expect(await asked.get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } })
    expect(await asked.get(`/v2/models/${ENDPOINT}/ready`)).toMatchObject({ status: 200 })
    expect((await asked.get(`/v2/models/${ENDPOINT}/versions/2/ready`)).status).toBe(404)
    const { body } = await asked.get(`/v2/models/${ENDPOINT}`)
    expect(body).toMatchObject({
      name: ENDPOINT,
      versions: ['1'],
      platform: 'onnx_onnxv1',
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'decision', datatype: 'BOOL', shape: [-1] },
      ],
    })
    await asked.post(INFER, { inputs: inputs(3) })
    await asked.post(INFER, { inputs: inputs().slice(1) })
    expect((await asked.get(`/v1/endpoints/${ENDPOINT}/statistics`)).body).toMatchObject({
      versions: { '1': { requests: 2, predictions: 3, rejected: 1, failed: 0, errors: 1 } },
    })
  })

  test('metrics in the text format of Prometheus', async () => {
    await asked.serve()
    await asked.post(INFER, { inputs: inputs() })
    const response = await fetch(`${asked.gateway.address}/metrics`)
    expect(response.headers.get('content-type')).toContain('version=0.0.4')
    const text = await response.text()
    expect(text).toContain(
      'esteira_gateway_requests_total{model="delays",version="1",code="200"} 1\n',
    )
    expect(text).toContain('esteira_gateway_loaded_revisions{model="delays"} 1\n')
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"]*",?)+\})? (?:\d\S*|NaN))$/,
      )
    }
  })

  test('before anything is deployed it is alive, not ready, and says so', async () => {
    await asked.serveNothing()
    expect((await asked.get('/v2/health/live')).status).toBe(200)
    expect((await asked.get('/v2/health/ready')).status).toBe(503)
    expect(await asked.post(INFER, { inputs: inputs() })).toMatchObject({
      status: 503,
      body: { error: 'Endpoint "delays" cannot answer yet: nothing is deployed.' },
    })
  })
})

describe('letting in', () => {
  test('answers only requests that name this machine', async () => {
    await asked.serve()
    const { port } = new URL(asked.gateway.address ?? '')
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' }
      httpGet({ host: '127.0.0.1', port, path: '/v2', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
    expect(status).toBe(403)
  })

  test('demands the token on every route when there is one', async () => {
    await asked.serve({ gateway: { token: 'secret' } })
    for (const path of ['/v2', '/metrics', `/v1/endpoints/${ENDPOINT}`, '/nowhere']) {
      expect((await asked.get(path)).status).toBe(401)
    }
    const headers = { authorization: 'Bearer secret' }
    expect((await fetch(`${asked.gateway.address}/v2`, { headers })).status).toBe(200)
    const wrong = { authorization: 'Bearer secre' }
    expect((await fetch(`${asked.gateway.address}/v2`, { headers: wrong })).status).toBe(401)
  })

  test('refuses to listen to the world without a token', async () => {
    await asked.serve()
    const other = createGateway({ ...asked.scene, clock: systemClock })
    await expect(other.listen({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'GATEWAY_TOKEN_NEEDED',
    })
    await other.close()
  })

  test('says so when its port is taken', async () => {
    await asked.serve()
    const port = Number(new URL(asked.gateway.address ?? '').port)
    const other = createGateway({ ...asked.scene, clock: systemClock })
    await expect(other.listen({ port })).rejects.toMatchObject({ code: 'GATEWAY_ADDRESS_TAKEN' })
    await other.close()
  })
})
