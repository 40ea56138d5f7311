import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { securityErrors } from './errors.ts'

export const MIN_PASSWORD_LENGTH = 10
const MAX_PASSWORD_BYTES = 1_024
const SALT_BYTES = 16
const KEY_BYTES = 32

/** Cost of new hashes: 32 MiB and about a tenth of a second (OWASP's second choice for scrypt). */
const COST = { N: 2 ** 15, r: 8, p: 3 }
/** What a stored hash may ask for at most, so that a forged row cannot stop the server. */
const MAX_COST = { N: 2 ** 18, r: 16, p: 8 }

interface Parameters {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** @throws PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG */
export function checkPassword(password: string): void {
  if ([...password].length < MIN_PASSWORD_LENGTH) {
    throw securityErrors.PASSWORD_TOO_SHORT({ minimum: MIN_PASSWORD_LENGTH })
  }
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw securityErrors.PASSWORD_TOO_LONG({ maxBytes: MAX_PASSWORD_BYTES })
  }
}

/** `scrypt$N$r$p$salt$key`, so that a later version may raise the cost of new hashes. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join(
    '$',
  )
}

/** Compares in a time that tells nothing; false for a hash that cannot be read. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const parsed = parse(stored)
  if (parsed === undefined || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false
  const key = await derive(password, parsed.salt, parsed.parameters)
  return key.length === parsed.key.length && timingSafeEqual(key, parsed.key)
}

function parse(stored: string) {
  const [scheme, n, r, p, salt, key] = stored.split('$')
  const parameters = { N: Number(n), r: Number(r), p: Number(p) }
  const known = scheme === 'scrypt' && salt !== undefined && key !== undefined
  if (!known || !isAffordable(parameters)) return undefined
  return { parameters, salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') }
}

function isAffordable({ N, r, p }: Parameters): boolean {
  return [
    [N, MAX_COST.N],
    [r, MAX_COST.r],
    [p, MAX_COST.p],
  ].every(([value = 0, most = 0]) => Number.isInteger(value) && value > 0 && value <= most)
}

function derive(password: string, salt: Buffer, cost: Parameters): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}
