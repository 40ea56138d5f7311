import { open } from 'node:fs/promises'

const FLUSH_CHARACTERS = 1 << 20

/** Writes rows as JSON Lines, replacing the file. */
export async function writeLines(
  path: string,
  rows: number,
  rowAt: (row: number) => Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = await open(path, 'w')
  try {
    let text = ''
    for (let row = 0; row < rows; row++) {
      text += `${JSON.stringify(rowAt(row))}\n`
      if (text.length < FLUSH_CHARACTERS) continue
      await file.write(text)
      text = ''
    }
    await file.write(text)
  } finally {
    await file.close()
  }
}
