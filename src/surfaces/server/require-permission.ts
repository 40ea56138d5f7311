import type { FastifyRequest } from 'fastify'
import type { AuditTrail } from '../../assurance/audit/index.ts'
import type { Permission, Principal } from '../../assurance/security/index.ts'
import { serverErrors } from './errors.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    principal: Principal
  }
  interface FastifyInstance {
    auditTrail: Pick<AuditTrail, 'refuse'>
  }
}

export interface PermissionSubject {
  /** For `endpoints:*`: which. */
  readonly endpoint?: string
  /** What it was about, for the audit trail, such as `run/8f0c…`. @default method and path */
  readonly subject?: string
}

/**
 * Goes on when the caller may do this in the project; else keeps the attempt in the audit trail and
 * throws.
 * @throws PERMISSION_DENIED
 */
export async function requirePermission(
  request: FastifyRequest,
  permission: Permission,
  project: string,
  about: PermissionSubject = {},
): Promise<void> {
  const { principal } = request
  if (principal.may(permission, project, about.endpoint)) return
  await request.server.auditTrail.refuse({
    actor: { name: principal.name, from: principal.from },
    action: permission,
    subject: about.subject ?? `${request.method} ${pathOf(request.url)}`,
    project,
    before: null,
    after: null,
    reason: null,
  })
  throw serverErrors.PERMISSION_DENIED({ name: principal.name, permission, project })
}

const LONGEST_PATH = 500

function pathOf(url: string): string {
  return url.split('?', 1)[0]?.slice(0, LONGEST_PATH) ?? url
}
