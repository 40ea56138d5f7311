import { createHmac, timingSafeEqual } from 'node:crypto'
import { artifactProxyErrors } from './errors.ts'

const LIFETIME_MS = 3_600_000

export interface PartAddress {
  readonly path: string
  readonly uploadId: string
  readonly part: number
}

/**
 * Signs and checks the addresses to which parts of a big file are sent. MLflow's client sends no
 * credentials there, so the address itself is the permission: for one part, for an hour.
 */
export interface PartSigner {
  /** The query of the address. */
  sign(address: PartAddress): string
  /** @throws PART_ADDRESS_REFUSED */
  check(query: Readonly<Record<string, unknown>>): PartAddress
}

export function createPartSigner(secret: Uint8Array, nowMs: () => number): PartSigner {
  const signature = (address: PartAddress, untilMs: number) =>
    createHmac('sha256', secret)
      .update(
        JSON.stringify(['artifact part', address.path, address.uploadId, address.part, untilMs]),
      )
      .digest('hex')
  return {
    sign(address) {
      const untilMs = nowMs() + LIFETIME_MS
      return new URLSearchParams({
        path: address.path,
        upload_id: address.uploadId,
        part: String(address.part),
        until: String(untilMs),
        signature: signature(address, untilMs),
      }).toString()
    },
    check(query) {
      const address = {
        path: String(query.path),
        uploadId: String(query.upload_id),
        part: Number(query.part),
      }
      const untilMs = Number(query.until)
      const expected = Buffer.from(signature(address, untilMs))
      const got = Buffer.from(String(query.signature))
      if (got.length !== expected.length || !timingSafeEqual(got, expected))
        throw artifactProxyErrors.PART_ADDRESS_REFUSED({ reason: 'its signature is wrong' })
      if (untilMs < nowMs())
        throw artifactProxyErrors.PART_ADDRESS_REFUSED({ reason: 'it has expired' })
      return address
    },
  }
}
