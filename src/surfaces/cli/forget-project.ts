import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * Removes all that Esteira keeps of a project: records, files, logs, reports.
 * @throws PROJECT_BUSY while a run or a replay holds the project
 */
export async function forgetProject(projectFolder: string): Promise<void> {
  const folder = path.join(projectFolder, '.esteira')
  if (!existsSync(folder)) return
  const { acquireProjectLock } = await import('../../platform/storage/index.ts')
  acquireProjectLock({ folder, purpose: 'forgetting what is kept' }).release()
  rmSync(folder, { recursive: true, force: true })
}
