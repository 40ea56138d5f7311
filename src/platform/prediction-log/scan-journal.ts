import { open } from 'node:fs/promises'
import { endsLikeFrame, type ScannedFrames, type Span, scanFrames } from './journal-frame.ts'

export interface ScannedJournal {
  /** The JSON lines of whole frames, from the offset on. */
  readonly lines: readonly Buffer[]
  /** Spans of the file that do not fit their checksums. */
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
    return {
      lines: linesOf(bytes, found),
      damaged: [...found.damaged, ...tail].map((span) => ({
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

function linesOf(bytes: Buffer, { payloads }: ScannedFrames): Buffer[] {
  return payloads.map(({ offset, bytes: length }) => bytes.subarray(offset, offset + length))
}
