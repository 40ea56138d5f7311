import type { Terminal } from '../terminal.ts'
import type { Probe } from './finding.ts'

/** Whether the Redis of ESTEIRA_ONLINE_STORE answers; nothing to look at where it is not set. */
export function onlineStoreProbes(
  project: string,
  environment: Terminal['environment'],
): readonly Probe[] {
  const url = environment.ESTEIRA_ONLINE_STORE
  if (url === undefined || url === '') return []
  return [
    {
      name: 'online store',
      needed: 'Redis 6 or newer answers',
      remedy:
        'Start Redis, or correct ESTEIRA_ONLINE_STORE; without it features are kept in the data folder.',
      otherwise: 'missing',
      look: async () => {
        const { openRedisOnlineStore } = await import('../../../platform/storage/index.ts')
        const store = openRedisOnlineStore({ url, project })
        try {
          // A view's name has no space: this one has no rows.
          await store.count('no view')
          return { isGood: true, found: 'answers' }
        } finally {
          await store.close()
        }
      },
    },
  ]
}
