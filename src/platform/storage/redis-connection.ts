import { createClient, defineScript } from '@redis/client'
import { redactDatabaseUrl } from '../database/index.ts'
import { storageErrors } from './errors.ts'

/** Between the beats that keep a connection known to be alive. */
const BEAT_MS = 1_000
/** Without a sign of life for this long a connection is given up, and what waits on it fails. */
const SILENT_FOR_MS = 3_000
const CONNECT_WITHIN_MS = 2_000
/** How long work that nobody waits for lets the server come back. */
const PATIENCE_MS = 5_000
const LONGEST_RETRY_MS = 2_000
/** Commands that wait for an answer; what comes beyond is refused at once. */
const MOST_COMMANDS = 10_000

/**
 * Sets fields of a hash to `<event time> <values>`, each only when no newer event is there. Redis
 * runs a script alone, so that no other writer comes between the comparison and the write.
 */
const PUT_NEWER = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
for i = 1, #ARGV, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  if not known or tonumber(string.match(known, '^%-?%d+')) <= tonumber(ARGV[i + 1]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[i + 2])
  end
end
return #ARGV / 3`,
  parseCommand(parser, hash: string, entries: readonly string[]) {
    parser.pushKey(hash)
    for (const entry of entries) parser.push(entry)
  },
  transformReply: (reply: unknown) => Number(reply),
})

function createRedis(url: string) {
  return createClient({
    url,
    scripts: { putNewer: PUT_NEWER },
    // What cannot be sent now fails now: nothing piles up while the server is away.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_COMMANDS,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    pingInterval: BEAT_MS,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      socketTimeout: SILENT_FOR_MS,
      // Whatever the cause, it is tried again: who asks meanwhile is told at once.
      reconnectStrategy: (retries: number) =>
        Math.min(50 * 2 ** Math.min(retries, 10), LONGEST_RETRY_MS),
    },
  })
}

export type Redis = ReturnType<typeof createRedis>

/**
 * One connection to Redis that mends itself. While it is away every call fails at once; only what is
 * asked before the first attempt to connect has ended waits for that.
 */
export class RedisConnection {
  /** The address without its password. */
  readonly place: string
  readonly #client: Redis
  readonly #firstAttempt: Promise<void>
  /** Told when the server is there. */
  readonly #patient = new Set<() => void>()
  #trouble: unknown

  constructor(url: string) {
    this.place = redactDatabaseUrl(url)
    this.#client = createRedis(url)
    this.#firstAttempt = new Promise((resolve) => {
      const fail = (error: unknown) => {
        this.#trouble = error
        resolve()
      }
      this.#client.on('ready', () => {
        resolve()
        for (const end of this.#patient) end()
      })
      this.#client.on('error', fail)
      // It ends only when it is closed meanwhile; troubles on the way are told as events.
      this.#client.connect().catch(fail)
    })
  }

  /**
   * Fails at once while the server is away.
   * @throws ONLINE_STORE_FAILED
   */
  async use<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.#client.isReady) await this.#firstAttempt
    return this.#try(work)
  }

  /**
   * Gives the server some seconds to come back first.
   * @throws ONLINE_STORE_FAILED
   */
  async usePatiently<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.#client.isReady && this.#client.isOpen) await this.#readyOr(PATIENCE_MS)
    return this.#try(work)
  }

  #readyOr(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#patient.delete(end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#patient.add(end)
    })
  }

  async #try<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.#client)
    } catch (error) {
      const cause = this.#client.isReady ? error : (this.#trouble ?? error)
      throw storageErrors.ONLINE_STORE_FAILED({ place: this.place, reason: reasonOf(cause) }, cause)
    }
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy()
  }
}

/** An `AggregateError` of several addresses has a code but no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : error.name
  return (error.message === '' ? code : error.message).replace(/\.$/, '')
}
