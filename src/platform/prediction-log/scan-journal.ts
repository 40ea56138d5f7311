import { open } from 'node:fs/promises'
import { linesOfRecords } from './decode-entries.ts'
import { endsLikeFrame, type Payload, type Span, scanFrames } from './journal-frame.ts'
import { unmask } from './masked-frame.ts'

/** Lines are put together to so many. */
const PIECE_CHARACTERS = 1_000_000

export interface ScannedJournal {
  /** The JSON lines of whole frames, from the offset on. */
  readonly lines: readonly Buffer[]
  /** Spans of the file that do not fit their checksums, or hold what is not known. */
  readonly damaged: readonly Span[]
  /** Where to go on. */
  readonly end: number
  /** Bytes of the file. */
  readonly size: number
}

/**
 * Reads a journal from an offset on, which must be where a frame begins.
 * @param state `open`: its end may be a write under way; `left`: its end may be a write that was cut
 *   off; `sealed`: it ends with a whole frame
 */
export async function scanJournal(
  path: string,
  from: { readonly offset: number; readonly state: 'open' | 'left' | 'sealed' },
): Promise<ScannedJournal> {
  const { offset, state } = from
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const bytes = await readFrom(handle, offset, size)
    const found = scanFrames(bytes)
    const rest = bytes.subarray(found.end)
    const isDamage = state === 'sealed' || (state === 'left' && endsLikeFrame(rest))
    const tail = rest.length > 0 && isDamage ? [{ offset: found.end, bytes: rest.length }] : []
    const { lines, unreadable } = linesOf(bytes, found.payloads)
    return {
      lines,
      damaged: [...found.damaged, ...unreadable, ...tail].map((span) => ({
        ...span,
        offset: span.offset + offset,
      })),
      end: offset + (tail.length > 0 ? bytes.length : found.end),
      size,
    }
  } finally {
    await handle.close()
  }
}

async function readFrom(
  handle: Awaited<ReturnType<typeof open>>,
  offset: number,
  size: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(Math.max(0, size - offset))
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done)
    // It became shorter meanwhile: a write was taken back.
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

function linesOf(bytes: Buffer, payloads: readonly Payload[]) {
  const lines = new LinePieces()
  const unreadable: Span[] = []
  for (const payload of payloads) {
    const { offset, bytes: size } = payload
    if (payload.mask === undefined) lines.addBytes(bytes.subarray(offset, offset + size))
    else {
      const found = decoded(unmask(bytes, payload))
      if (found === undefined) unreadable.push({ offset, bytes: size })
      else for (const line of found) lines.add(line)
    }
  }
  return { lines: lines.all(), unreadable }
}

/** Records of a kind that only a later version knows are told as damage: they must not be passed over. */
function decoded(records: Buffer): string[] | undefined {
  try {
    return linesOfRecords(records)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Lines put together into few large pieces: a frame may hold no more than one of them. */
class LinePieces {
  readonly #pieces: Buffer[] = []
  #text = ''

  add(line: string): void {
    this.#text += line
    if (this.#text.length >= PIECE_CHARACTERS) this.#flush()
  }

  addBytes(lines: Buffer): void {
    this.#flush()
    this.#pieces.push(lines)
  }

  all(): readonly Buffer[] {
    this.#flush()
    return this.#pieces
  }

  #flush(): void {
    if (this.#text !== '') this.#pieces.push(Buffer.from(this.#text))
    this.#text = ''
  }
}
