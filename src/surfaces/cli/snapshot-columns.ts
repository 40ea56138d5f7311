import { existsSync } from 'node:fs'
import path from 'node:path'
import type { TableColumn } from '../../platform/storage/index.ts'

/** Columns by source of a project's newest snapshots; empty before the first run. */
export async function snapshotColumns(
  projectFolder: string,
): Promise<Readonly<Record<string, readonly TableColumn[]>>> {
  const file = path.join(projectFolder, '.esteira', 'metadata.db')
  if (!existsSync(file)) return {}
  const { openRecordStore } = await import('../../platform/storage/index.ts')
  const store = openRecordStore(file)
  try {
    const columns: Record<string, readonly TableColumn[]> = {}
    for (const { record } of store.list('snapshot')) {
      columns[record.source] ??= record.columns.map(({ name, type }) => ({ name, type }))
    }
    return columns
  } finally {
    store.close()
  }
}
