import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { acquireProjectLock } from '../../platform/storage/index.ts'

/**
 * Removes all that Esteira keeps of a project: records, files, logs, reports.
 * @throws PROJECT_BUSY while a run or a replay holds the project
 */
export function forgetProject(projectFolder: string): void {
  const folder = path.join(projectFolder, '.esteira')
  if (!existsSync(folder)) return
  acquireProjectLock({ folder, purpose: 'forgetting what is kept' }).release()
  rmSync(folder, { recursive: true, force: true })
}
