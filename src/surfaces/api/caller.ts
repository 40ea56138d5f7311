import type { Permission } from '../../assurance/security/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import { requirePermission } from '../server/index.ts'
import type { Call } from './handler.ts'

type AnyRequest = Pick<Call, 'request' | 'operation'>

/** Who the change is made by, for the audit trail. */
export function actorOf({ request }: Pick<Call, 'request'>): Actor {
  const { name, from } = request.principal
  return { name, from }
}

/**
 * Goes on when the caller may do what the operation demands in the project.
 * @throws PERMISSION_DENIED, after the attempt was entered into the audit trail
 */
export async function guard(call: AnyRequest, project: string, subject?: string): Promise<void> {
  const { permission } = call.operation
  if (permission === 'anyone') return
  await requireFor(call, permission, subject === undefined ? project : { project, subject })
}

/** As `guard`, for a permission that the operation's table does not name. */
export async function requireFor(
  { request }: Pick<Call, 'request'>,
  permission: Permission,
  about: string | { readonly project: string; readonly subject: string },
): Promise<void> {
  await requirePermission(request, permission, about)
}

/** For searches: undefined when everything may be seen. */
export function readableProjects({
  request,
}: Pick<Call, 'request'>): readonly string[] | undefined {
  const readable = request.principal.readableProjects()
  return readable === 'all' ? undefined : readable
}
