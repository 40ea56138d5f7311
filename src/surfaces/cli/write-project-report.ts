import type { Platform } from '../../flows/index.ts'

/**
 * Writes the report of the newest run.
 * @returns its path; undefined when there is no run to report on
 */
export async function writeProjectReport(platform: Platform): Promise<string | undefined> {
  const { writeReport } = await import('../report/index.ts')
  return writeReport(platform)
}
