// A program of its own: reads a project and tells its parent what it says, then ends. Modules stay in
// a process's cache for ever, and a project file may hang or call exit; here neither outlives the look.
import { PlatformError } from '../../../core/errors/index.ts'
import { loadProject } from '../load-project.ts'
import { lookAtFile } from './look-at-file.ts'

const [place = ''] = process.argv.slice(2)

function tell(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}

try {
  // Looked at before it is read: what changes in between is seen as a change by the next look.
  const { project } = await loadProject(
    place,
    (file) => void tell({ file, seen: lookAtFile(file) }),
  )
  await tell({ project })
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  const hint = error instanceof PlatformError ? error.hint : ''
  await tell({ reason, hint })
}
process.exit(0)
