import { randomUUID } from 'node:crypto'
import { createClient } from '@redis/client'
import { afterAll, describe, expect, it } from 'vitest'
import { onlineStoreContract } from '../../testkit/index.ts'
import type { OnlineStore } from './online-store.ts'
import { openRedisOnlineStore } from './redis-online-store.ts'

const url = process.env.ESTEIRA_TEST_REDIS_URL ?? 'redis://127.0.0.1:6379/9'
const projects: string[] = []

function newProject(): string {
  const project = `test-${randomUUID()}`
  projects.push(project)
  return project
}

afterAll(async () => {
  const client = await createClient({ url }).connect()
  for (const project of projects) {
    const keys = await client.keys(`esteira:${project}:*`)
    if (keys.length > 0) await client.unlink(keys)
  }
  await client.close()
})

onlineStoreContract({ describe, it, expect }, () => {
  const project = newProject()
  const opened: OnlineStore[] = []
  const reopen = () => {
    const store = openRedisOnlineStore({ url, project })
    opened.push(store)
    return store
  }
  return {
    store: reopen(),
    reopen,
    dispose: async () => {
      for (const each of opened) await each.close()
    },
  }
})

describe('Redis online store', () => {
  it('keeps projects on one server apart', async () => {
    const [one, two] = [newProject(), newProject()].map((project) =>
      openRedisOnlineStore({ url, project }),
    )
    const row = { keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }
    await one?.put('v', [row])
    expect(await two?.read([{ view: 'v', keys: ['a'] }])).toEqual([undefined])
    await two?.clear('v')
    expect(await one?.read([{ view: 'v', keys: ['a'] }])).toEqual([row])
    await one?.close()
    await two?.close()
  })

  it('says where it failed, and never with which password', async () => {
    const store = openRedisOnlineStore({ url: 'redis://ana:hush@127.0.0.1:1', project: 'p' })
    const asked = await Promise.allSettled([
      store.read([{ view: 'v', keys: ['a'] }]),
      store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }]),
      store.count('v'),
    ])
    await store.close()
    for (const answer of asked) {
      expect(answer).toMatchObject({
        status: 'rejected',
        reason: { code: 'ONLINE_STORE_FAILED', message: expect.stringContaining('ECONNREFUSED') },
      })
    }
    expect(
      JSON.stringify(asked) + String(asked[0]?.status === 'rejected' && asked[0].reason),
    ).not.toContain('hush')
  })

  it.each(['redis', 'http://127.0.0.1:6379', 'redis://', '127.0.0.1:6379', ''])(
    'refuses the address %j',
    (address) => {
      expect(() => openRedisOnlineStore({ url: address, project: 'p' })).toThrow(
        expect.objectContaining({ code: 'ONLINE_STORE_URL_INVALID' }),
      )
    },
  )

  it('does not show the password of an address that it refuses', () => {
    expect(() => openRedisOnlineStore({ url: 'http://ana:hush@host', project: 'p' })).toThrow(
      /^(?!.*hush)/s,
    )
  })

  it('fails once it is closed', async () => {
    const store = openRedisOnlineStore({ url, project: newProject() })
    await store.count('v')
    await store.close()
    await expect(store.count('v')).rejects.toMatchObject({ code: 'ONLINE_STORE_FAILED' })
  })
})
