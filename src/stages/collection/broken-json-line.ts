import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * The first line of a file that is not JSON, counted from 1, or undefined. Only read when the
 * engine refused the file: its own count of lines is off by one.
 */
export async function brokenJsonLine(path: string): Promise<number | undefined> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  let number = 0
  for await (const line of lines) {
    number++
    if (line.trim() !== '' && !isJson(line)) return number
  }
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
