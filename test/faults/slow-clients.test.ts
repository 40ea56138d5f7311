import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/time/index.ts'
import {
  ENDPOINT,
  type GatewayScene,
  openGatewayScene,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway, type Gateway } from '../../src/surfaces/gateway/index.ts'

const INFER = `/v2/models/${ENDPOINT}/infer`
const ROW = { distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' }
const BODY = JSON.stringify({
  inputs: Object.entries(ROW).map(([name, value]) => ({
    name,
    shape: [1],
    datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
    data: [value],
  })),
})
const HEAD = `POST ${INFER} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`
const HEADERS_MS = 500
const MAX_CONNECTIONS = 600

let folder: string
let scene: GatewayScene
let gateway: Gateway
let port: number

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-slow-'))
  // One place, so that whatever a slow client holds would show at once.
  const limits = { maxInFlight: 1, deadline: '500ms' }
  scene = await openGatewayScene(folder, { limits })
  await scene.addVersion('first')
  await scene.rollOut(1)
  const httpLimits = { headersMs: HEADERS_MS, maxConnections: MAX_CONNECTIONS }
  gateway = createGateway({ ...scene, clock: systemClock, httpLimits, maxBodyBytes: 100_000 })
  port = Number(new URL(await gateway.listen()).port)
})
afterAll(async () => {
  await gateway.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

interface Peer {
  readonly socket: Socket
  text(): string
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>
}

function open(): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  // What comes after the server has closed is reset; that is the point.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    socket.once('end', () => socket.destroy())
    socket.once('close', () => resolve())
  })
  return new Promise((resolve) => {
    socket.once('connect', () => resolve({ socket, text: () => text, closed }))
    socket.once('close', () => resolve({ socket, text: () => text, closed }))
  })
}

const openMany = (count: number) => Promise.all(Array.from({ length: count }, open))

/** Writes one byte after the other until the server has had enough. */
async function drip({ socket }: Peer, bytes: string): Promise<void> {
  for (let at = 0; !socket.destroyed; at++) {
    socket.write(bytes[at % bytes.length] ?? 'x')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** An honest caller, on a connection of its own. */
async function honest(): Promise<number> {
  const peer = await open()
  peer.socket.write(WHOLE.replace('Host:', 'Connection: close\r\nHost:'))
  await peer.closed
  return statusOf(peer)
}

function statusOf(peer: Peer): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(peer.text())?.[1] ?? 0)
}

async function inFlight(): Promise<number> {
  const text = await (await fetch(`${gateway.address}/metrics`)).text()
  return Number(/^esteira_gateway_in_flight(?:\{.*\})? (\d+)$/m.exec(text)?.[1] ?? Number.NaN)
}

describe('while clients misbehave, others are answered, and the clients cut off', () => {
  it('when headers come byte by byte', async () => {
    const peers = await openMany(50)
    const dripping = peers.map((peer) => drip(peer, `${HEAD}X-Slow: xxxxxxxxxxxxxxxxxxx`))
    for (let i = 0; i < 20; i++) expect(await honest()).toBe(200)
    await Promise.all(peers.map((peer) => peer.closed))
    await Promise.allSettled(dripping)
    expect(new Set(peers.map(statusOf))).toEqual(new Set([408]))
  })

  it('when bodies come byte by byte: they hold no place, and end with their deadline', async () => {
    const peers = await openMany(50)
    for (const { socket } of peers) socket.write(`${HEAD}Content-Length: 90000\r\n\r\n`)
    const dripping = peers.map((peer) => drip(peer, ' '))
    for (let i = 0; i < 20; i++) expect(await honest()).toBe(200)
    await Promise.all(peers.map((peer) => peer.closed))
    await Promise.allSettled(dripping)
    expect(new Set(peers.map(statusOf))).toEqual(new Set([504]))
    for (const peer of peers) expect(peer.text()).toContain('"DEADLINE_PASSED"')
    expect(await inFlight()).toBe(0)
  })

  it('when bodies never end, and are sent fast', async () => {
    const peers = await openMany(10)
    const chunk = `1000\r\n${' '.repeat(4_096)}\r\n`
    const flooding = peers.map(async ({ socket }) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`)
      while (!socket.destroyed) {
        socket.write(chunk)
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    for (let i = 0; i < 10; i++) expect(await honest()).toBe(200)
    await Promise.all(peers.map((peer) => peer.closed))
    await Promise.allSettled(flooding)
    for (const peer of peers) expect(peer.text()).toContain('"BODY_TOO_LARGE"')
  })

  it('when hundreds of connections say nothing', async () => {
    const peers = await openMany(400)
    for (let i = 0; i < 20; i++) expect(await honest()).toBe(200)
    await Promise.all(peers.map((peer) => peer.closed))
  })

  it('when callers close their half after asking, or before they have', async () => {
    const asked = await openMany(50)
    for (const { socket } of asked) socket.end(WHOLE)
    const half = await openMany(50)
    for (const { socket } of half) socket.end(`${HEAD}Content-Length: 500\r\n\r\n{"inputs"`)
    expect(await honest()).toBeGreaterThanOrEqual(200)
    await Promise.all([...asked, ...half].map((peer) => peer.closed))
    while ((await inFlight()) > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await honest()).toBe(200)
  })

  it('when headers are huge', async () => {
    const peers = await openMany(20)
    for (const { socket } of peers) socket.write(`${HEAD}X-Huge: ${'x'.repeat(200_000)}\r\n\r\n`)
    expect(await honest()).toBe(200)
    await Promise.all(peers.map((peer) => peer.closed))
    expect(peers.map(statusOf)).toEqual(peers.map(() => 431))
  })

  it('when there are more connections than it takes, those that are there go on', async () => {
    const kept = await open()
    const ask = async () => {
      const before = kept.text().length
      kept.socket.write(WHOLE)
      while (!kept.text().slice(before).includes('"outputs"')) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    await ask()
    const peers = await openMany(MAX_CONNECTIONS + 50)
    await ask()
    await Promise.all(peers.map((peer) => peer.closed))
    await ask()
    kept.socket.destroy()
    expect(await honest()).toBe(200)
  })
})
