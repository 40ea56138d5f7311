import type { Handlers } from '../handler.ts'
import { accountHandlers, roleHandlers, tokenHandlers } from './access.ts'
import { auditHandlers } from './audit.ts'
import { endpointHandlers } from './endpoints.ts'
import { experimentHandlers } from './experiments.ts'
import {
  approvalHandlers,
  cardHandlers,
  environmentHandlers,
  historyHandlers,
} from './governance.ts'
import { loggedModelHandlers } from './logged-models.ts'
import { aliasHandlers, modelHandlers } from './models.ts'
import { recordHandlers } from './records.ts'
import { runHandlers } from './runs.ts'
import { projectHandlers, serverHandlers } from './server.ts'
import { garbageHandlers, jobHandlers } from './upkeep.ts'
import { versionHandlers } from './versions.ts'

/** What each operation does. */
export const HANDLERS: Handlers = {
  ...serverHandlers,
  ...projectHandlers,
  ...experimentHandlers,
  ...runHandlers,
  ...loggedModelHandlers,
  ...modelHandlers,
  ...aliasHandlers,
  ...versionHandlers,
  ...environmentHandlers,
  ...approvalHandlers,
  ...historyHandlers,
  ...cardHandlers,
  ...endpointHandlers,
  ...jobHandlers,
  ...garbageHandlers,
  ...recordHandlers,
  ...accountHandlers,
  ...roleHandlers,
  ...tokenHandlers,
  ...auditHandlers,
}
