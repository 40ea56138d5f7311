import { open } from 'node:fs/promises'

/** Waits until a file's bytes are on the disk. */
export async function flushFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Waits until the names in a folder are on the disk. Windows cannot open folders and needs none of it. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await flushFile(path)
}
