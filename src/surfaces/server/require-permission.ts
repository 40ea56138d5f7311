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

/** What a permission is asked for. */
export interface PermissionSubject {
  readonly project: string
  /** For `endpoints:*`: which. */
  readonly endpoint?: string
  /** What it was about, for the audit trail, such as `run/8f0c…`. @default method and path */
  readonly subject?: string
}

/**
 * Goes on when the caller may do this in the project; else keeps the attempt in the audit trail and
 * throws.
 * @param about the project, or the project with what in it
 * @throws PERMISSION_DENIED
 */
export async function requirePermission(
  request: FastifyRequest,
  permission: Permission,
  about: string | PermissionSubject,
): Promise<void> {
  const wanted: PermissionSubject = typeof about === 'string' ? { project: about } : about
  const subject = wanted.subject ?? `${request.method} ${pathOf(request.url)}`
  await requireFor(request.principal, permission, {
    about: { ...wanted, subject },
    audit: request.server.auditTrail,
  })
}

/**
 * The same for a caller who came over another door than HTTP.
 * @throws PERMISSION_DENIED
 */
export async function requireFor(
  principal: Principal,
  permission: Permission,
  {
    about,
    audit,
  }: {
    readonly about: PermissionSubject & { readonly subject: string }
    readonly audit: Pick<AuditTrail, 'refuse'>
  },
): Promise<void> {
  const { project, endpoint, subject } = about
  if (principal.may(permission, project, endpoint)) return
  await audit.refuse({
    actor: { name: principal.name, from: principal.from },
    action: permission,
    subject,
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
