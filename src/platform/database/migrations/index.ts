import { records } from './0001-records.ts'
import { tracking } from './0002-tracking.ts'
import { catalog } from './0003-catalog.ts'
import { access } from './0004-access.ts'
import { audit } from './0005-audit.ts'
import { jobs } from './0006-jobs.ts'
import { projectScope } from './0007-project-scope.ts'
import { api } from './0008-api.ts'
import type { Migration } from './migration.ts'

export type { Migration } from './migration.ts'

/** In order; migration `i` brings schema `i` to schema `i + 1`. */
export const MIGRATIONS: readonly Migration[] = [
  records,
  tracking,
  catalog,
  access,
  audit,
  jobs,
  projectScope,
  api,
]
