import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { measuredStream } from './measured-stream.ts'

const BUFFER_BYTES = 1 << 20

/** Streams into a new file and waits until it is on the disk; fails when the file exists. */
export async function writeDurably(
  path: string,
  content: Readable,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const { through, measures } = measuredStream()
  const file = createWriteStream(path, { flags: 'wx', highWaterMark: BUFFER_BYTES })
  await pipeline(content, through, file, ...(signal === undefined ? [] : [{ signal }]))
  await flush(path)
  return measures()
}

/** Waits until the names in a folder are on the disk. Windows cannot open folders and needs none of it. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await flush(path)
}

/** Waits until a file is on the disk. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
