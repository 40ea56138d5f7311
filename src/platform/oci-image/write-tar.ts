import { createReadStream } from 'node:fs'
import { ociImageErrors } from './errors.ts'
import { sizeOf, type TarEntry } from './tar-entry.ts'
import { END_OF_ARCHIVE, paddingAfter, tarHeader } from './tar-header.ts'

const READ_BYTES = 1 << 20

/**
 * The bytes of a tar archive, entry by entry in the order given.
 * @param mtime seconds since 1970, the same for all entries
 * @throws IMAGE_SOURCE_CHANGED when a file's length is no longer what its entry says
 */
export async function* writeTar(
  entries: Iterable<TarEntry>,
  mtime: number,
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield tarHeader(entry, mtime)
    if (entry.kind !== 'file') continue
    yield* contentOf(entry)
    yield paddingAfter(sizeOf(entry))
  }
  yield END_OF_ARCHIVE
}

async function* contentOf(entry: Extract<TarEntry, { kind: 'file' }>): AsyncGenerator<Uint8Array> {
  const { content } = entry
  if ('bytes' in content) {
    yield content.bytes
    return
  }
  let read = 0
  for await (const chunk of createReadStream(content.file, { highWaterMark: READ_BYTES })) {
    const bytes = chunk as Uint8Array
    read += bytes.byteLength
    // A byte more than announced would be read as the next header.
    if (read > content.size) break
    yield bytes
  }
  if (read !== content.size) {
    const { file, size: expected } = content
    throw ociImageErrors.IMAGE_SOURCE_CHANGED({ file, expected, got: read })
  }
}
