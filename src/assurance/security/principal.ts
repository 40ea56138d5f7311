import {
  ALL_PROJECTS,
  PERMISSION_NAMES,
  type Permission,
  type Role,
  roleAllows,
} from '../../core/access/index.ts'

/** The project of whoever does not name one. */
export const DEFAULT_PROJECT = 'default'

export type AccountKind = 'user' | 'service-account'

/** Who asks, and what they may. */
export interface Principal {
  readonly kind: 'local' | AccountKind
  readonly name: string
  /** The address that asks, or `cli`. */
  readonly from: string
  /** Where things go when a request names no project. */
  readonly defaultProject: string
  /** Whether it came with a token that may less than its account: such a caller makes no tokens. */
  readonly isNarrowed: boolean
  /**
   * Whether it may do this in the project; `endpoint` is given where the permission is about one.
   * A token never may more than its account.
   */
  may(permission: Permission, project: string, endpoint?: string): boolean
  /** Projects that it may see anything of. */
  readableProjects(): 'all' | readonly string[]
}

export interface HeldRole {
  readonly project: string
  readonly role: Role
}

/** What a token is narrowed to; null is no narrowing. */
export interface TokenScope {
  readonly permissions: readonly Permission[] | null
  readonly project: string | null
  /** Endpoints by name; such a token may only predict, unless `permissions` says more. */
  readonly endpoints: readonly string[] | null
}

export const FULL_SCOPE: TokenScope = { permissions: null, project: null, endpoints: null }

/** Whoever works at a machine without logins: may everything. */
export function localPrincipal(from: string, name = 'local'): Principal {
  return {
    kind: 'local',
    name,
    from,
    defaultProject: DEFAULT_PROJECT,
    isNarrowed: false,
    may: () => true,
    readableProjects: () => 'all',
  }
}

export interface AccountFacts {
  readonly kind: AccountKind
  readonly name: string
  readonly roles: readonly HeldRole[]
}

/** An account with its roles, narrowed by the scope of the token it came with. */
export function accountPrincipal(
  account: AccountFacts,
  from: string,
  scope: TokenScope = FULL_SCOPE,
): Principal {
  const may = (permission: Permission, project: string, endpoint?: string) =>
    inScope(scope, permission, { project, endpoint }) &&
    account.roles.some((held) => roleAllows(held, permission, project))
  return {
    kind: account.kind,
    name: account.name,
    from,
    defaultProject: defaultProject(account.roles, scope),
    isNarrowed: scope.permissions !== null || scope.project !== null || scope.endpoints !== null,
    may,
    readableProjects: () => readableProjects(account.roles, scope, may),
  }
}

function inScope(
  scope: TokenScope,
  permission: Permission,
  { project, endpoint }: { readonly project: string; readonly endpoint: string | undefined },
): boolean {
  const permissions = scope.permissions ?? (scope.endpoints === null ? null : ['endpoints:predict'])
  if (permissions !== null && !permissions.includes(permission)) return false
  if (scope.project !== null && scope.project !== project) return false
  if (scope.endpoints === null || !permission.startsWith('endpoints:')) return true
  return endpoint !== undefined && scope.endpoints.includes(endpoint)
}

function defaultProject(roles: readonly HeldRole[], scope: TokenScope): string {
  if (scope.project !== null) return scope.project
  const [only, ...others] = roles
  if (only === undefined || others.length > 0 || only.project === ALL_PROJECTS) {
    return DEFAULT_PROJECT
  }
  return only.project
}

function readableProjects(
  roles: readonly HeldRole[],
  scope: TokenScope,
  may: Principal['may'],
): 'all' | readonly string[] {
  const readings = PERMISSION_NAMES.filter((name) => name.endsWith(':read'))
  const canRead = (project: string) => readings.some((reading) => may(reading, project))
  if (scope.project !== null) return canRead(scope.project) ? [scope.project] : []
  if (roles.some(({ project }) => project === ALL_PROJECTS)) {
    return canRead(ALL_PROJECTS) ? 'all' : []
  }
  return [...new Set(roles.map(({ project }) => project))].filter(canRead).sort()
}
