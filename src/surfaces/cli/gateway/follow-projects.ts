import { followProjectFile } from '../../../platform/project-file/index.ts'
import type { ProjectReading } from '../../gateway/index.ts'

export interface FollowedProject {
  /** The project's folder or file. */
  readonly place: string
  /** @returns what is worth telling an operator, a line each */
  readonly take: (reading: ProjectReading) => readonly string[]
  readonly tell: (line: string) => void
}

/**
 * Lets what runs take over what its project files say when they change, or when the process gets
 * SIGHUP. In a terminal SIGHUP means that the window was closed, and ends the process as ever.
 * @returns how to end following
 */
export function followProjects(projects: readonly FollowedProject[]): () => Promise<void> {
  const followed = projects.map(({ place, take, tell }) => {
    const hear = (reading: ProjectReading) => {
      for (const line of take(reading)) tell(line)
    }
    return followProjectFile({
      place,
      onProject: (project) => hear({ project }),
      onRefused: (refused) => hear({ refused }),
    })
  })
  const readAll = () => {
    for (const file of followed) void file.read()
  }
  const hearsHangUp = process.stdin.isTTY !== true
  if (hearsHangUp) process.on('SIGHUP', readAll)
  return async () => {
    process.off('SIGHUP', readAll)
    await Promise.all(followed.map((file) => file.close()))
  }
}
