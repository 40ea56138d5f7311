import { redactDatabaseUrl } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import { checkedEventTime, keyText, valuesText } from './online-row-text.ts'
import type { FeatureValue, OnlineRequest, OnlineRow, OnlineStore } from './online-store.ts'
import type { RedisConnection } from './redis-connection.ts'
import type { SqlValue } from './table-engine.ts'

export interface RedisOnlineStoreOptions {
  /** `redis[s]://[[user]:password@]host[:port][/database]`. */
  readonly url: string
  /** Projects that share a server know nothing of each other. */
  readonly project: string
}

/** Redis does nothing else while it writes or reads these; other clients get their turn in between. */
const WRITTEN_AT_ONCE = 500
const READ_AT_ONCE = 1_000

/**
 * Online features in Redis 6 or newer, for several machines that answer. A view is one hash,
 * `esteira:<project>:features:<view>`: its fields are the entities' keys, a value is
 * `<event time in ms> <values as JSON>`. What survives a crash of Redis is up to its persistence;
 * what is lost is published again from the feature tables.
 *
 * It connects in the background, and again whenever the connection is lost. Meanwhile a read ends
 * with ONLINE_STORE_FAILED at once; a write waits some seconds first.
 * @throws ONLINE_STORE_URL_INVALID
 */
export function openRedisOnlineStore(options: RedisOnlineStoreOptions): OnlineStore {
  return new RedisOnlineStore(options)
}

class RedisOnlineStore implements OnlineStore {
  readonly #opening: Promise<RedisConnection>
  #connection: RedisConnection | undefined
  readonly #prefix: string

  constructor({ url, project }: RedisOnlineStoreOptions) {
    checkUrl(url)
    this.#opening = this.#open(url)
    this.#prefix = `esteira:${project}:features:`
  }

  async read(requests: readonly OnlineRequest[]): Promise<readonly (OnlineRow | undefined)[]> {
    const batches = batchesOf(requests)
    const connection = this.#connection ?? (await this.#opening)
    // Commands of one turn go out together, and a view's entities in one command.
    const answers = await connection.use((redis) =>
      Promise.all(batches.map(({ view, fields }) => redis.hmGet(this.#hash(view), fields))),
    )
    const rows: (OnlineRow | undefined)[] = new Array(requests.length)
    for (const [i, { places }] of batches.entries()) {
      for (const [j, place] of places.entries()) {
        rows[place] = rowOf(requests[place]?.keys ?? [], answers[i]?.[j] ?? null)
      }
    }
    return rows
  }

  async put(view: string, rows: readonly OnlineRow[]): Promise<void> {
    const entries = rows.map((row) => [
      keyText(view, row.keys),
      String(checkedEventTime(view, row.eventTimeMs)),
      valuesText(view, row.values),
    ])
    for (let from = 0; from < entries.length; from += WRITTEN_AT_ONCE) {
      const due = entries.slice(from, from + WRITTEN_AT_ONCE).flat()
      await (await this.#opening).usePatiently((redis) => redis.putNewer(this.#hash(view), due))
    }
  }

  async clear(view: string): Promise<void> {
    await (await this.#opening).usePatiently((redis) => redis.unlink(this.#hash(view)))
  }

  async count(view: string): Promise<number> {
    return (await this.#opening).use((redis) => redis.hLen(this.#hash(view)))
  }

  async close(): Promise<void> {
    const connection = await this.#opening
    connection.close()
  }

  /** The client is big, and of no use to those who keep features in the data folder. */
  async #open(url: string): Promise<RedisConnection> {
    const { RedisConnection } = await import('./redis-connection.ts')
    this.#connection = new RedisConnection(url)
    return this.#connection
  }

  #hash(view: string): string {
    return this.#prefix + view
  }
}

/** @throws ONLINE_STORE_URL_INVALID */
function checkUrl(url: string): void {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address !== undefined && /^rediss?:$/.test(address.protocol) && address.hostname !== '')
    return
  throw storageErrors.ONLINE_STORE_URL_INVALID({ got: redactDatabaseUrl(url) })
}

interface Batch {
  readonly view: string
  readonly fields: string[]
  /** Of each field, among the requests. */
  readonly places: number[]
}

function batchesOf(requests: readonly OnlineRequest[]): Batch[] {
  const batches: Batch[] = []
  const open = new Map<string, Batch>()
  for (const [place, { view, keys }] of requests.entries()) {
    let batch = open.get(view)
    if (batch === undefined || batch.fields.length === READ_AT_ONCE) {
      batch = { view, fields: [], places: [] }
      open.set(view, batch)
      batches.push(batch)
    }
    batch.fields.push(keyText(view, keys))
    batch.places.push(place)
  }
  return batches
}

function rowOf(keys: readonly SqlValue[], text: string | null): OnlineRow | undefined {
  if (text === null) return undefined
  const space = text.indexOf(' ')
  return {
    keys,
    values: JSON.parse(text.slice(space + 1)) as Record<string, FeatureValue>,
    eventTimeMs: Number(text.slice(0, space)),
  }
}
