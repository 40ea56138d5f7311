import { randomFillSync } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { GrowingBuffer } from './growing-buffer.ts'

/**
 * A frame of binary records:
 *
 *     #E2 <payload bytes, 8 hex digits> <mask, 16 hex digits> <CRC-32, 8 hex digits>\n
 *     <payload, masked>\n
 *     #.\n
 *
 * The payload is XORed with the mask, eight bytes that are drawn at random for each frame once its
 * payload stands: whoever sends inputs cannot choose the journal's bytes, so nothing that is sent looks
 * like a frame there, nor like one that lacks a bit. The checksum covers the length, the mask and the
 * masked payload.
 */
export const MASKED_MAGIC = '#E2 '
export const MASKED_HEAD_BYTES = 39
const HEAD = /^#E2 (([0-9a-f]{8}) ([0-9a-f]{8})([0-9a-f]{8})) ([0-9a-f]{8})\n$/
const FOOT = '\n#.\n'
const STEP = 8
/** Masks drawn at once; asking for one at a time costs as much. */
const DRAWN_TOGETHER = 512

/** Where a masked payload stands, and its mask as two words. */
export interface MaskedPayload {
  readonly offset: number
  readonly bytes: number
  readonly mask: readonly [number, number]
  /** Where the next frame begins. */
  readonly end: number
}

/** Draws masks, of which nobody knows the next one. */
export class MaskSource {
  readonly #drawn = new Int32Array(2 * DRAWN_TOGETHER)
  #next = this.#drawn.length

  draw(): readonly [number, number] {
    if (this.#next === this.#drawn.length) {
      randomFillSync(this.#drawn)
      this.#next = 0
    }
    const mask = [this.#drawn[this.#next] ?? 0, this.#drawn[this.#next + 1] ?? 0] as const
    this.#next += 2
    return mask
  }
}

/**
 * Makes a frame of a payload, in its own bytes: they are no payload any more.
 * @param bytes room for the head, then the payload
 */
export function closeMaskedFrame(bytes: GrowingBuffer, mask: readonly [number, number]): Buffer {
  const end = bytes.length
  const size = end - MASKED_HEAD_BYTES
  // The last step of the mask may reach into the foot, which is written after it, and beyond.
  bytes.reserve(STEP + FOOT.length)
  bytes.moveTo(end + FOOT.length)
  const frame = bytes.written()
  applyMask(frame.buffer, frame.byteOffset + MASKED_HEAD_BYTES, { size, mask })
  const told = `${hex(size)} ${hex(mask[0])}${hex(mask[1])}`
  const sum = checksum(told, frame.subarray(MASKED_HEAD_BYTES, end))
  frame.write(`${MASKED_MAGIC}${told} ${hex(sum)}\n`, 0, 'latin1')
  frame.write(FOOT, end, 'latin1')
  return frame
}

/** The whole frame that begins there; undefined when none does. */
export function maskedPayloadAt(bytes: Buffer, at: number): MaskedPayload | undefined {
  const offset = at + MASKED_HEAD_BYTES
  const head = HEAD.exec(bytes.toString('latin1', at, offset))
  if (head === null) return undefined
  const [, told = '', length = '', first = '', second = '', sum = ''] = head
  const size = Number.parseInt(length, 16)
  const foot = offset + size
  const end = foot + FOOT.length
  if (bytes.toString('latin1', foot, end) !== FOOT) return undefined
  if (checksum(told, bytes.subarray(offset, foot)) !== Number.parseInt(sum, 16)) return undefined
  const mask = [Number.parseInt(first, 16) | 0, Number.parseInt(second, 16) | 0] as const
  return { offset, bytes: size, mask, end }
}

/** A payload as it was before it was masked, in bytes of its own. */
export function unmask(bytes: Buffer, payload: MaskedPayload): Buffer {
  const { offset, bytes: size, mask } = payload
  const plain = Buffer.allocUnsafeSlow(Math.ceil(size / STEP) * STEP)
  bytes.copy(plain, 0, offset, offset + size)
  applyMask(plain.buffer, 0, { size, mask })
  return plain.subarray(0, size)
}

/** Masks whole steps; applied twice, all is as before. */
function applyMask(
  buffer: ArrayBufferLike,
  from: number,
  { size, mask }: { readonly size: number; readonly mask: readonly [number, number] },
): void {
  const view = new DataView(buffer, from, Math.ceil(size / STEP) * STEP)
  const [first, second] = mask
  for (let at = 0; at < size; at += STEP) {
    view.setInt32(at, view.getInt32(at, true) ^ first, true)
    view.setInt32(at + 4, view.getInt32(at + 4, true) ^ second, true)
  }
}

function checksum(told: string, masked: Buffer): number {
  return crc32(masked, crc32(told))
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
