import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOfValue } from '../../core/identity/index.ts'
import type { Project } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { renderReport } from './render-report.ts'
import { gatherReportData, type ReportData } from './report-data.ts'

/** What a report says, less when and how fast it was computed: equal when nothing new is to be told. */
function contentDigest({ run, travels, ...rest }: ReportData): string {
  const { outcome, reasons, version, evaluations, verdicts } = run
  const travelled = travels.length
  return digestOfValue({ ...rest, travelled, outcome, reasons, version, evaluations, verdicts })
}

/**
 * Writes the report beside the project's other records and returns its path; undefined when the
 * belt has never run. A report that would say the same again is left as it is. A reader never sees
 * half a page: it is written beside and renamed.
 */
export async function writeReport(platform: {
  readonly project: Project
  readonly store: RecordStore
  readonly folder: string
}): Promise<string | undefined> {
  const data = await gatherReportData(platform.project, platform.store)
  if (data === undefined) return undefined
  const folder = join(platform.folder, 'reports')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'report.html')
  const digest = contentDigest(data)
  const digestPath = join(folder, 'report.digest')
  const unchanged =
    existsSync(path) && existsSync(digestPath) && readFileSync(digestPath, 'utf8') === digest
  if (unchanged) return path
  const unfinished = `${path}.${process.pid}.tmp`
  writeFileSync(unfinished, renderReport(data))
  renameSync(unfinished, path)
  writeFileSync(digestPath, digest)
  return path
}
