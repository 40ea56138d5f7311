export {
  ALL_PROJECTS,
  PERMISSION_NAMES,
  PERMISSIONS,
  type Permission,
  ROLES,
  type Role,
} from '../../core/access/index.ts'
export { type Access, type AccessOptions, createAccess } from './access.ts'
export type { Account, NewUser } from './accounts.ts'
export type { ApiToken, NewToken } from './api-tokens.ts'
export type { AuthenticatedSession, Credentials } from './authenticate.ts'
export { securityErrors } from './errors.ts'
export type { Identity } from './identities.ts'
export { createOidcLogin, type OidcLogin, type OidcSettings, type PendingLogin } from './oidc.ts'
export {
  type AccountKind,
  accountPrincipal,
  type HeldRole,
  localPrincipal,
  type Principal,
  type TokenScope,
} from './principal.ts'
export type { RoleGrant } from './roles.ts'
export type { LoginSession } from './sessions.ts'
