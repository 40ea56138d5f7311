import { requirePermission } from '../server/index.ts'
import type { AccessGuard } from './mlflow-options.ts'

/** Access by the principal that the server's hooks have found. */
export const serverAccess: AccessGuard = {
  guard: (request, permission, project) => requirePermission(request, permission, project),
  actor: ({ principal }) => ({ name: principal.name, from: principal.from }),
  readableProjects: ({ principal }) => principal.readableProjects(),
  defaultProject: ({ principal }) => principal.defaultProject,
}
