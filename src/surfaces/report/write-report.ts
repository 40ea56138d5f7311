import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { renderReport } from './render-report.ts'
import { gatherReportData } from './report-data.ts'

/**
 * Writes the report beside the project's other records and returns its path; undefined when the
 * belt has never run. A reader never sees half a page: it is written beside and renamed.
 */
export function writeReport(platform: {
  readonly project: Project
  readonly store: RecordStore
  readonly folder: string
}): string | undefined {
  const data = gatherReportData(platform.project, platform.store)
  if (data === undefined) return undefined
  const folder = join(platform.folder, 'reports')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'report.html')
  const unfinished = `${path}.${process.pid}.tmp`
  writeFileSync(unfinished, renderReport(data))
  renameSync(unfinished, path)
  return path
}
