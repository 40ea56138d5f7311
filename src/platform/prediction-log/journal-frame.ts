import { crc32 } from 'node:zlib'
import { MASKED_MAGIC, type MaskedPayload, maskedPayloadAt } from './masked-frame.ts'

/**
 * A journal is a row of frames; a frame is what one write kept, whole or not at all. Writers make
 * masked ones (`masked-frame.ts`); those of older versions, and of a log that was moved here, are
 *
 *     #E1 <payload bytes, 8 hex digits> <CRC-32, 8 hex digits>\n
 *     <JSON lines>\n
 *     #.\n
 *
 * The checksum covers the length and the payload. JSON lines hold no bare line break, and nobody
 * chooses the bytes of a masked payload, so a line that begins with a head's letters is a frame's head
 * for all that anybody can do: after a damaged place reading goes on at the next one.
 */
const MAGIC = '#E1 '
const NEXT_HEADS = [MAGIC, MASKED_MAGIC].map((magic) => Buffer.from(`\n${magic}`))
const HEAD = /^#E1 ([0-9a-f]{8}) ([0-9a-f]{8})\n$/
const HEAD_BYTES = 22
const FOOT = '#.\n'
const FOOT_BYTES = FOOT.length

/** Bytes of one span of a journal. */
export interface Span {
  readonly offset: number
  readonly bytes: number
}

export type Payload = PlainPayload | MaskedPayload

interface PlainPayload extends Span {
  readonly mask?: undefined
  /** Where the next frame begins. */
  readonly end: number
}

export interface ScannedFrames {
  /** What fits its checksum: JSON lines, or masked records. */
  readonly payloads: readonly Payload[]
  /** Spans that do not, and were skipped. */
  readonly damaged: readonly Span[]
  /** Where the rest begins that is no whole frame yet. */
  readonly end: number
}

/** @param lines JSON lines, each with its line break */
export function encodeFrame(lines: string): Buffer {
  const bytes = Buffer.byteLength(lines)
  const frame = Buffer.allocUnsafe(HEAD_BYTES + bytes + FOOT_BYTES)
  frame.write(lines, HEAD_BYTES)
  const length = hex(bytes)
  const sum = checksum(length, frame.subarray(HEAD_BYTES, HEAD_BYTES + bytes))
  frame.write(`${MAGIC}${length} ${hex(sum)}\n`, 0, 'latin1')
  frame.write(FOOT, HEAD_BYTES + bytes, 'latin1')
  return frame
}

/** Finds the whole frames of some bytes that begin with a frame (or with a damaged one). */
export function scanFrames(bytes: Buffer): ScannedFrames {
  const payloads: Payload[] = []
  const damaged: Span[] = []
  let at = 0
  while (at < bytes.length) {
    const payload = maskedPayloadAt(bytes, at) ?? payloadAt(bytes, at)
    if (payload !== undefined) {
      payloads.push(payload)
      at = payload.end
      continue
    }
    const next = nextHead(bytes, at)
    // Nothing follows: a write under way, one that was cut off, or damage; the caller knows which.
    if (next === undefined) break
    damaged.push({ offset: at, bytes: next + 1 - at })
    at = next + 1
  }
  return { payloads, damaged, end: at }
}

/** Whether some bytes end as a frame does: such a rest was written wholly, and was changed since. */
export function endsLikeFrame(bytes: Buffer): boolean {
  return bytes.subarray(-FOOT_BYTES - 1).toString('latin1') === `\n${FOOT}`
}

function nextHead(bytes: Buffer, at: number): number | undefined {
  const found = NEXT_HEADS.map((head) => bytes.indexOf(head, at)).filter((next) => next >= 0)
  return found.length === 0 ? undefined : Math.min(...found)
}

function payloadAt(bytes: Buffer, at: number): PlainPayload | undefined {
  const head = HEAD.exec(bytes.toString('latin1', at, at + HEAD_BYTES))
  if (head === null) return undefined
  const [, length = '', sum = ''] = head
  const offset = at + HEAD_BYTES
  const end = offset + Number.parseInt(length, 16)
  if (bytes.toString('latin1', end, end + FOOT_BYTES) !== FOOT) return undefined
  const payload = bytes.subarray(offset, end)
  if (checksum(length, payload) !== Number.parseInt(sum, 16)) return undefined
  return { offset, bytes: payload.length, end: end + FOOT_BYTES }
}

function checksum(length: string, payload: Buffer): number {
  return crc32(payload, crc32(length))
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
