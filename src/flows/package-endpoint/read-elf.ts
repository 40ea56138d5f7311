import { closeSync, openSync, readSync } from 'node:fs'

/** What a Linux program or library asks for before it runs. */
export interface ElfNeeds {
  /** The loader that starts a program; undefined for a library. */
  readonly interpreter: string | undefined
  /** File names of libraries (DT_NEEDED). */
  readonly libraries: readonly string[]
  /** Folders it names itself (DT_RUNPATH, DT_RPATH), where `$ORIGIN` is its own folder. */
  readonly searchPaths: readonly string[]
}

const HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const TYPE = { load: 1, dynamic: 2, interpreter: 3 } as const
const TAG = { needed: 1, stringTable: 5, stringBytes: 10, rpath: 15, runpath: 29 } as const

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly bytes: number
}

type Read = (offset: number, bytes: number) => Buffer

/**
 * Reads a 64-bit little-endian ELF file's dynamic section (System V ABI, chapters 4 and 5);
 * undefined for any other file.
 */
export function readElf(path: string): ElfNeeds | undefined {
  const file = openSync(path, 'r')
  try {
    const read: Read = (offset, bytes) => {
      const buffer = Buffer.alloc(bytes)
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, offset))
    }
    const header = read(0, HEADER_BYTES)
    if (header.length < HEADER_BYTES || header.readUInt32BE(0) !== 0x7f454c46) return undefined
    // Class 2: 64 bits; data 1: little-endian.
    if (header[4] !== 2 || header[5] !== 1) return undefined
    return needsOf(segmentsOf(header, read), read)
  } finally {
    closeSync(file)
  }
}

function segmentsOf(header: Buffer, read: Read): Segment[] {
  const start = Number(header.readBigUInt64LE(32))
  const count = header.readUInt16LE(56)
  const table = read(start, count * PROGRAM_HEADER_BYTES)
  return Array.from({ length: count }, (_, index) => {
    const at = index * PROGRAM_HEADER_BYTES
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    }
  })
}

function needsOf(segments: readonly Segment[], read: Read): ElfNeeds {
  const named = segments.find(({ type }) => type === TYPE.interpreter)
  const interpreter = named && textAt(read(named.offset, named.bytes), 0)
  const dynamic = segments.find(({ type }) => type === TYPE.dynamic)
  if (dynamic === undefined) return { interpreter, libraries: [], searchPaths: [] }
  const entries = dynamicEntries(read(dynamic.offset, dynamic.bytes))
  const valuesOf = (...tags: readonly number[]) =>
    entries.filter(({ tag }) => tags.includes(tag)).map(({ value }) => value)
  const [address = 0] = valuesOf(TAG.stringTable)
  const [bytes = 0] = valuesOf(TAG.stringBytes)
  const strings = read(fileOffset(segments, address), bytes)
  const searchPaths = valuesOf(TAG.runpath, TAG.rpath)
    .flatMap((at) => textAt(strings, at).split(':'))
    .filter((folder) => folder !== '')
  const libraries = valuesOf(TAG.needed).map((at) => textAt(strings, at))
  return { interpreter, libraries, searchPaths }
}

function dynamicEntries(section: Buffer) {
  const entries: { readonly tag: number; readonly value: number }[] = []
  for (let at = 0; at + 16 <= section.length; at += 16) {
    const tag = Number(section.readBigInt64LE(at))
    if (tag === 0) break
    entries.push({ tag, value: Number(section.readBigUInt64LE(at + 8)) })
  }
  return entries
}

/** Where in the file stands what is loaded at an address. */
function fileOffset(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (segment) =>
      segment.type === TYPE.load &&
      address >= segment.address &&
      address < segment.address + segment.bytes,
  )
  return holder === undefined ? address : address - holder.address + holder.offset
}

function textAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start)
  return bytes.toString('latin1', start, end === -1 ? bytes.length : end)
}
