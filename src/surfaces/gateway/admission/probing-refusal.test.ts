import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAuditTrail } from '../../../assurance/audit/index.ts'
import { systemClock } from '../../../core/time/index.ts'
import { openDatabase } from '../../../platform/database/index.ts'
import { createServer, serverConfigSchema } from '../../server/index.ts'
import { ENDPOINT, openGatewayScene } from '../fixtures/gateway-scene.ts'
import { gatewayPlugin } from '../gateway-plugin.ts'
import { createGatewayService } from '../gateway-service.ts'

const PROBING = {
  window: '1h',
  minRows: 50,
  maxNeighbourShare: 0.5,
  maxStrangeShare: 0.9,
  action: 'refuse',
} as const

test('a prober is refused, counted and kept in the audit trail once; other callers go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-probing-'))
  const scene = await openGatewayScene(folder, { probing: PROBING })
  await scene.addVersion('first')
  await scene.rollOut(1)
  const service = createGatewayService({ endpoints: [{ ...scene, clock: systemClock }] })
  const database = await openDatabase({ url: join(folder, 'server.db') })
  const server = createServer({
    config: serverConfigSchema.parse({ port: 0, requireLogin: true }),
    database,
    plugins: [gatewayPlugin(service)],
  })
  try {
    await service.start()
    const url = await server.listen()
    const { access } = server.context
    const by = { name: 'root', from: 'cli' }
    const tokens = new Map<string, string>()
    for (const account of ['prober', 'honest']) {
      await access.createServiceAccount(account, by)
      await access.grantRole({ account, project: scene.project.name, role: 'contributor' }, by)
      tokens.set(account, (await access.createToken({ account, name: 'a test' }, by)).text)
    }
    const ask = async (account: string, distance: number, origin = 'JFK') => {
      const answer = await fetch(`${url}/v1/models/${ENDPOINT}:predict`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${tokens.get(account)}`,
        },
        body: JSON.stringify({ instances: [{ distance, hour: 12, carrier: 'B6', origin }] }),
      })
      const { code } = (await answer.json()) as { readonly code?: string }
      return { status: answer.status, code, retryAfter: Number(answer.headers.get('retry-after')) }
    }
    let refused = await ask('prober', 100)
    let asked = 1
    // One input varied, the others kept: told at the fiftieth row, and refused soon after.
    for (; refused.status === 200 && asked < 500; asked++)
      refused = await ask('prober', 100 + asked)
    expect(refused).toMatchObject({ status: 429, code: 'PROBING_SUSPECTED' })
    expect(asked).toBeGreaterThan(PROBING.minRows)
    expect(refused.retryAfter).toBeGreaterThan(3_000)
    expect((await ask('honest', 900)).status).toBe(200)

    const audit = createAuditTrail(database, { clock: systemClock })
    const filter = { action: 'endpoint.probing.refuse' }
    let entries = await audit.list({ filter })
    while (entries.length === 0) entries = await audit.list({ filter })
    expect(entries).toMatchObject([
      {
        actor: 'prober',
        subject: `endpoint/${ENDPOINT}`,
        project: scene.project.name,
        outcome: 'done',
        reason: expect.stringMatching(
          /differ from another in one input only \(50 rows, 50 of them new/,
        ),
      },
    ])
    expect(await audit.verify()).toMatchObject({ ok: true })
    const metrics = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${tokens.get('honest')}` },
    })
    const text = await metrics.text()
    expect(text).toContain(`esteira_gateway_probing_suspicions_total{model="${ENDPOINT}"} 1\n`)
    expect(text).toContain(
      `esteira_gateway_refused_total{model="${ENDPOINT}",reason="probing"} 1\n`,
    )
  } finally {
    await server.close()
    await service.close()
    await database.close()
    await scene.close()
    rmSync(folder, { recursive: true })
  }
})
