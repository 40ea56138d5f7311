import { fork } from 'node:child_process'
import path from 'node:path'
import { z } from 'zod'
import { type Project, projectSchema } from '../../../core/records/index.ts'

const EXTENSION = path.extname(import.meta.filename)
const PROGRAM = path.join(import.meta.dirname, `read-project-process${EXTENSION}`)
const READ_WITHIN_MS = 30_000

const messageSchema = z.union([
  z.strictObject({ file: z.string(), seen: z.string() }),
  z.strictObject({ project: projectSchema }),
  z.strictObject({ reason: z.string(), hint: z.string() }),
])

export interface ReadApart {
  /** How the project file and what it imports looked before they were read, as far as it came. */
  readonly files: ReadonlyMap<string, string>
  readonly result:
    | { readonly project: Project }
    /** Why the project cannot be used, in one line. */
    | { readonly refused: string }
}

/**
 * Reads a project as it is on the disk now, in a process of its own that ends afterwards: nothing of
 * it stays in this process's module cache, and a file that hangs or exits does no harm here.
 * @param pathOrFolder as `loadProject` takes it
 */
export function readProjectApart(pathOrFolder: string): Promise<ReadApart> {
  const child = fork(PROGRAM, [pathOrFolder], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), READ_WITHIN_MS)
  const files = new Map<string, string>()
  let result: ReadApart['result'] | undefined
  child.on('message', (message) => {
    const told = messageSchema.safeParse(message)
    if (!told.success) result = { refused: `it cannot be told: ${told.error.message}` }
    else if ('file' in told.data) files.set(told.data.file, told.data.seen)
    else if ('project' in told.data) result = { project: told.data.project }
    else result = { refused: oneLine(told.data) }
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        files,
        result: result ?? { refused: `reading it ended with ${signal ?? code} and no answer` },
      })
    })
  })
}

function oneLine({ reason, hint }: { readonly reason: string; readonly hint: string }): string {
  return `${reason} ${hint}`.replaceAll(/\s+/g, ' ').trim()
}
