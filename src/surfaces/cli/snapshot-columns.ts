import { existsSync } from 'node:fs'
import path from 'node:path'
import type { TableColumn } from '../../platform/storage/index.ts'

export interface SnapshotColumnsOptions {
  readonly project: string
  readonly projectFolder: string
  /** Where metadata is kept; the project's own file when absent. */
  readonly databaseUrl?: string | undefined
}

/** Columns by source of a project's newest snapshots; empty before the first run. */
export async function snapshotColumns(
  options: SnapshotColumnsOptions,
): Promise<Readonly<Record<string, readonly TableColumn[]>>> {
  const file = path.join(options.projectFolder, '.esteira', 'metadata.db')
  if (options.databaseUrl === undefined && !existsSync(file)) return {}
  const [{ openDatabase }, { openRecordStore }] = await Promise.all([
    import('../../platform/database/index.ts'),
    import('../../platform/storage/index.ts'),
  ])
  const database = await openDatabase({ url: options.databaseUrl ?? file })
  try {
    const columns: Record<string, readonly TableColumn[]> = {}
    const store = openRecordStore(database, { project: options.project })
    for (const { record } of await store.list('snapshot')) {
      columns[record.source] ??= record.columns.map(({ name, type }) => ({ name, type }))
    }
    return columns
  } finally {
    await database.close()
  }
}
