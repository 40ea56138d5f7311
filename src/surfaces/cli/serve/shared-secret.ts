import { randomBytes } from 'node:crypto'
import type { Database } from '../../../platform/database/index.ts'

/** What belongs to no project, but to the server. */
const SERVER = '*'
const STATE = 'server/part-address-secret'
const BYTES = 32

/**
 * What signs the addresses of uploaded parts: made once, and the same for all servers of a database,
 * so that a part may reach another server than the one that gave its address.
 */
export async function sharedSecret({ queries }: Database): Promise<Uint8Array> {
  // Whoever is first is right; everybody reads what that was.
  await queries
    .insertInto('states')
    .values({
      project: SERVER,
      name: STATE,
      revision: 1,
      json: JSON.stringify(randomBytes(BYTES).toString('base64')),
    })
    .onConflict((conflict) => conflict.columns(['project', 'name']).doNothing())
    .execute()
  const { json } = await queries
    .selectFrom('states')
    .select('json')
    .where('project', '=', SERVER)
    .where('name', '=', STATE)
    .executeTakeFirstOrThrow()
  return Buffer.from(JSON.parse(json), 'base64')
}
