import { homedir } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const LINES = 8
const LINE_LENGTH = 200

/** Keeps the last lines of a stream, with long paths cut to their last parts. */
export function keepTail(stream: Readable): { text(): string } {
  const lines: string[] = []
  createInterface({ input: stream }).on('line', (line) => {
    if (line.trim() === '') return
    lines.push(shorten(line.trim()))
    if (lines.length > LINES) lines.shift()
  })
  return { text: () => lines.join(' | ') }
}

function shorten(line: string): string {
  const short = line
    .replaceAll(homedir(), '~')
    .replace(/(?:[~\w.-]*\/){3,}([\w.-]+\/[\w.-]+)/g, '…/$1')
  return short.length > LINE_LENGTH ? `${short.slice(0, LINE_LENGTH)}…` : short
}
