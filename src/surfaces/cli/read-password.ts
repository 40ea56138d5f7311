import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** The first line of standard input; asked for without showing it when a person sits there. */
export async function readPassword(question: string): Promise<string> {
  const isPerson = process.stdin.isTTY === true
  if (isPerson) process.stderr.write(question)
  // What is typed is echoed to nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output, terminal: isPerson })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    process.stdin.destroy()
    if (isPerson) process.stderr.write('\n')
  }
}
