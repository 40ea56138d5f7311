import type { Project } from '../../../core/records/index.ts'
import { lookAtFile } from './look-at-file.ts'
import { readProjectApart } from './read-project-apart.ts'

export interface FollowOptions {
  /** A project's folder or file, as `loadProject` takes it. */
  readonly place: string
  /** The project as it is on the disk: once in the beginning, then after every change. */
  readonly onProject: (project: Project) => void
  /** Why what is on the disk cannot be used, in one line. */
  readonly onRefused: (reason: string) => void
  /** Milliseconds between looks. @default 500 */
  readonly everyMs?: number
}

export interface FollowedProjectFile {
  /** Reads the project now, changed or not; ends after `onProject` or `onRefused` was told. */
  read(): Promise<void>
  /** Ends following; a reading under way tells nobody any more. */
  close(): Promise<void>
}

const LOOK_EVERY_MS = 500

/**
 * Follows a project file and the files that it imports. Their times and sizes are looked at, since
 * notifications miss what network drives, bind mounts and the swapped links of mounted settings do.
 * A change is read once the files have been still from one look to the next, so that half-written
 * ones are not.
 */
export function followProjectFile(options: FollowOptions): FollowedProjectFile {
  const { place, onProject, onRefused, everyMs = LOOK_EVERY_MS } = options
  /** How the files looked before they were last read. */
  let known: ReadonlyMap<string, string> = new Map()
  let lastLook = ''
  let isClosed = false
  let work: Promise<void> = Promise.resolve()

  async function read(): Promise<void> {
    const { files, result } = await readProjectApart(place)
    // A project that cannot be read keeps what was followed: the cure may be in any of the files.
    known = 'refused' in result ? new Map([...known, ...files]) : files
    if (isClosed) return
    if ('project' in result) onProject(result.project)
    else onRefused(result.refused)
  }

  async function look(): Promise<void> {
    const seen = textOf(new Map([...known.keys()].map((file) => [file, lookAtFile(file)])))
    const isStill = seen === lastLook
    lastLook = seen
    if (isStill && seen !== textOf(known)) await read()
  }

  function queue(next: () => Promise<void>): Promise<void> {
    const done = work.then(() => (isClosed ? undefined : next()))
    // A child that cannot be started is told like a file that cannot be read; the next look goes on.
    work = done.catch((error: unknown) => onRefused(`it cannot be read: ${String(error)}`))
    return work
  }

  queue(read)
  const timer = setInterval(() => void queue(look), everyMs)
  timer.unref()
  return {
    read: () => queue(read),
    async close() {
      isClosed = true
      clearInterval(timer)
      await work
    },
  }
}

function textOf(looks: ReadonlyMap<string, string>): string {
  return [...looks].map(([file, look]) => `${file} ${look}`).join('\n')
}
