import type { FastifyRequest } from 'fastify'
import type { Caller } from './probing/request-observer.ts'

/** Who stands for everybody that did not log in. */
const NOBODY = ['local', 'anonymous']

/**
 * The account that asks, or the address where nobody logs in. Tokens of one account are one caller:
 * else more tokens would mean more requests.
 * @param name the principal's; undefined on a gateway without accounts
 */
export function callerOf(name: string | undefined, address: string): Caller {
  if (name === undefined || NOBODY.includes(name)) {
    return { key: `address ${address}`, name: address, from: address }
  }
  return { key: `account ${name}`, name, from: address }
}

/** A gateway with a server of its own knows no accounts: there the principal was never set. */
export function callerOfRequest(request: FastifyRequest): Caller {
  const { principal } = request as { readonly principal?: FastifyRequest['principal'] }
  return callerOf(principal?.name, request.ip)
}
