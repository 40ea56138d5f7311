/** Roles of an account in a project, from least to most; each may what those before it may. */
export const ROLES = ['viewer', 'contributor', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Stands for every project; `admin` of it is the administrator of the server. */
export const ALL_PROJECTS = '*'

interface Rule {
  /** The least role that may. */
  readonly role: Role
  /** True when the role must be held on every project (`*`). */
  readonly serverWide?: boolean
  readonly meaning: string
}

const RULES = {
  'experiments:read': { role: 'viewer', meaning: 'See experiments, runs, metrics and traces' },
  'experiments:write': { role: 'contributor', meaning: 'Create, change and delete them' },
  'models:read': { role: 'viewer', meaning: 'See models, versions, aliases and their history' },
  'models:write': { role: 'contributor', meaning: 'Register models and versions, edit cards' },
  'models:promote': { role: 'approver', meaning: 'Put versions into environments, move aliases' },
  'models:approve': { role: 'approver', meaning: 'Approve a promotion that another asked for' },
  'artifacts:read': { role: 'viewer', meaning: 'Download artifacts' },
  'artifacts:write': { role: 'contributor', meaning: 'Upload and delete artifacts' },
  'endpoints:predict': { role: 'viewer', meaning: 'Ask endpoints for predictions, send labels' },
  'endpoints:manage': { role: 'approver', meaning: 'Deploy, roll back and reload endpoints' },
  'projects:admin': { role: 'admin', meaning: "Change a project's settings and who may use it" },
  'audit:read': { role: 'admin', meaning: 'Read and verify the audit trail' },
  'server:admin': {
    role: 'admin',
    serverWide: true,
    meaning: 'Manage accounts, tokens of others, the server itself',
  },
} as const satisfies Readonly<Record<string, Rule>>

export type Permission = keyof typeof RULES

/** Who may do what, in one table: permission to least role. */
export const PERMISSIONS: Readonly<Record<Permission, Rule>> = RULES

export const PERMISSION_NAMES = Object.keys(RULES) as readonly Permission[]

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(RULES, text)
}

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text)
}

/** Whether `role` on `heldOn` (a project or `*`) allows `permission` on `project`. */
export function roleAllows(
  held: { readonly role: Role; readonly project: string },
  permission: Permission,
  project: string,
): boolean {
  const rule = PERMISSIONS[permission]
  if (rule.serverWide === true && held.project !== ALL_PROJECTS) return false
  if (held.project !== ALL_PROJECTS && held.project !== project) return false
  return ROLES.indexOf(held.role) >= ROLES.indexOf(rule.role)
}
