import { sizeOf, type TarEntry } from './tar-entry.ts'

/** Everything in a tar archive stands in blocks of this many bytes. */
export const BLOCK_BYTES = 512

const NAME_BYTES = 100
const PREFIX_BYTES = 155
/** The largest number that a field of twelve octal digits holds: 8 GiB less one. */
const LARGEST_OCTAL = 0o77777777777

const TYPE_FLAGS = { file: '0', link: '2', directory: '5' } as const

/**
 * The header blocks of an entry: ustar (POSIX.1-1988), preceded by a pax record (POSIX.1-2001) when
 * the name, the link's target or the size does not fit there.
 * @param mtime seconds since 1970
 */
export function tarHeader(entry: TarEntry, mtime: number): Buffer {
  const path = entry.kind === 'directory' ? `${entry.path}/` : entry.path
  const target = entry.kind === 'link' ? entry.target : ''
  const size = sizeOf(entry)
  const split = splitName(path)
  const records: string[] = []
  if (split === undefined) records.push(paxRecord('path', path))
  if (!fits(target)) records.push(paxRecord('linkpath', target))
  if (size > LARGEST_OCTAL) records.push(paxRecord('size', String(size)))
  const own = ustarBlock({
    ...(split ?? { name: truncated(path), prefix: '' }),
    target: fits(target) ? target : truncated(target),
    mode: entry.mode,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    size: size > LARGEST_OCTAL ? 0 : size,
    mtime,
    typeFlag: TYPE_FLAGS[entry.kind],
  })
  return records.length === 0 ? own : Buffer.concat([paxBlocks(records.join(''), mtime), own])
}

/** What fills a file's last block. */
export function paddingAfter(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES)
}

/** Two empty blocks end an archive. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES)

/** Readers disagree on other letters than those of ASCII in a plain header. */
function fits(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.length <= NAME_BYTES
}

/** As much of a text as a plain header holds, for readers that know no pax records. */
function truncated(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, NAME_BYTES)
}

/** A name in the two fields of the header, cut at a slash; undefined when it does not fit. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (fits(path)) return { name: path, prefix: '' }
  if (!/^[\x20-\x7e]+$/.test(path)) return undefined
  const cut = path.indexOf('/', Math.max(0, path.length - NAME_BYTES - 1))
  const isName = cut > 0 && cut <= PREFIX_BYTES && cut < path.length - 1
  return isName ? { prefix: path.slice(0, cut), name: path.slice(cut + 1) } : undefined
}

/** `length key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(body)
  let length = bytes + String(bytes).length
  length = bytes + String(length).length
  return `${length}${body}`
}

function paxBlocks(text: string, mtime: number): Buffer {
  const content = Buffer.from(text)
  const head = ustarBlock({
    name: 'pax',
    prefix: '',
    target: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.byteLength,
    mtime,
    typeFlag: 'x',
  })
  return Buffer.concat([head, content, paddingAfter(content.byteLength)])
}

interface UstarFields {
  readonly name: string
  readonly prefix: string
  readonly target: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly typeFlag: string
}

function ustarBlock(fields: UstarFields): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, at: number, digits: number) =>
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1')
  block.write(fields.name, 0, 'latin1')
  octal(fields.mode, 100, 7)
  octal(fields.uid, 108, 7)
  octal(fields.gid, 116, 7)
  octal(fields.size, 124, 11)
  octal(fields.mtime, 136, 11)
  block.write('        ', 148, 'latin1')
  block.write(fields.typeFlag, 156, 'latin1')
  block.write(fields.target, 157, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.write(fields.prefix, 345, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
