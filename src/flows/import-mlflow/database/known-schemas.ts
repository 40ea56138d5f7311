import { importErrors } from '../errors.ts'
import type { SourceQueries } from './source-queries.ts'

/**
 * Revisions of MLflow's schema that can be read, oldest first: from 2023, when runs got datasets and
 * models aliases, up to MLflow 3.17.
 */
const REVISIONS: readonly string[] =
  '7f2a7d5fae7d 2d6e25af4d3e acf3f17fdcc7 867495a8f9d4 5b0e9adcef9c 4465047574b1 f5a4f2784254 0584bdc529eb 400f98739977 6953534de441 bda7b8c39065 cbc13b556ace 770bee3ae1dd a1b2c3d4e5f6 de4033877273 1a0cddfcaa16 534353b11cbc 71994744cf8e 3da73c924c2f bf29a5ff90ea 1bd49d398cd23 b7c8d9e0f1a2 5d2d30f0abce c9d4e5f6a7b8 2c33131f4dae d3e4f5a6b7c8 d0e1f2a3b4c5 c8d9e0f1a2b3 1b5f0d9ad7c1 e1f2a3b4c5d6 76601a5f987d c3d6457b6d8a a5b4c3d2e1f0 ae8bbe7743c9 7d34483879f0 da6fb0208061 89d3d66ed43f b7e4c1a90f23 a8b9c0d1e2f3 c1d2e3f4a5b6 c3d9e7f1a2b4 6f8d9c3b2a1e 1971f2d9a75b 17e22815139b b7e2c1a4d9f3 75868b020152 dc11669786a5'.split(
    ' ',
  )
/** The first one with logged models, of MLflow 3. */
const WITH_LOGGED_MODELS = '400f98739977'
const KNOWN = `the schemas from revision ${REVISIONS[0]} (2023) up to ${REVISIONS.at(-1)} (MLflow 3.17)`

export interface SchemaFacts {
  readonly hasLoggedModels: boolean
}

/** What the database's schema is. @throws IMPORT_SCHEMA_UNKNOWN, IMPORT_WORKSPACES */
export async function checkSchema(queries: SourceQueries): Promise<SchemaFacts> {
  const got = await revisionOf(queries)
  if (!REVISIONS.includes(got))
    throw importErrors.IMPORT_SCHEMA_UNKNOWN({ place: queries.place, got, known: KNOWN })
  const rows = [
    ...(await queries.all('SELECT * FROM experiments')),
    ...(await queries.all('SELECT * FROM registered_models')),
  ]
  const names = new Set(rows.map(({ workspace }) => String(workspace ?? 'default')))
  if (names.size > 1) {
    const workspaces = [...names].sort().join(', ')
    throw importErrors.IMPORT_WORKSPACES({ place: queries.place, workspaces })
  }
  return { hasLoggedModels: REVISIONS.indexOf(got) >= REVISIONS.indexOf(WITH_LOGGED_MODELS) }
}

async function revisionOf(queries: SourceQueries): Promise<string> {
  try {
    const rows = await queries.all('SELECT version_num FROM alembic_version')
    return rows.map((row) => String(row.version_num)).join(', ') || 'none'
  } catch (error) {
    const got = 'none: it has no table alembic_version'
    const { place } = queries
    throw importErrors.IMPORT_SCHEMA_UNKNOWN({ place, got, known: KNOWN }, error)
  }
}
