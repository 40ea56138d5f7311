import { openDatabaseSource } from './database/database-source.ts'
import { importErrors } from './errors.ts'
import type { MlflowSource } from './mlflow-source.ts'
import { openRestSource, type RestSourceOptions } from './rest/rest-source.ts'

export interface OpenSourceOptions extends RestSourceOptions {
  /** Where a database's `mlflow-artifacts:` files are: a folder, `file:///…` or `s3://…`. */
  readonly artifacts?: string | undefined
}

/**
 * Opens an MLflow server by its address (`http://…`), or its database (`sqlite:///…`,
 * `postgresql://…`).
 * @throws IMPORT_SOURCE_INVALID, IMPORT_SOURCE_UNREADABLE, IMPORT_SCHEMA_UNKNOWN, IMPORT_WORKSPACES
 */
export async function openSource(from: string, options: OpenSourceOptions): Promise<MlflowSource> {
  const scheme = /^([a-z]+)[a-z0-9+]*:/i.exec(from)?.[1]?.toLowerCase() ?? ''
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(from))
    return openRestSource(from, options)
  if (scheme === 'sqlite' || scheme === 'postgresql' || scheme === 'postgres')
    return openDatabaseSource(from, options.artifacts)
  const got = from.replace(/\/\/[^/@]*@/, '//***@').slice(0, 200)
  const reason = scheme === '' ? 'it is no URL' : `"${scheme}:" is not known`
  throw importErrors.IMPORT_SOURCE_INVALID({ got, reason })
}
