import { PERMISSION_NAMES, PERMISSIONS, ROLES } from '../../src/assurance/security/index.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

/** `docs/reference/permissions.md`: who may do what. */
export function permissionsPage(): string {
  const rows = PERMISSION_NAMES.map((name) => {
    const { role, meaning } = PERMISSIONS[name]
    const least = ROLES.indexOf(role)
    // What concerns the server itself needs the role on all projects.
    const mark = 'serverWide' in PERMISSIONS[name] ? 'on `*`' : 'yes'
    return [`\`${name}\``, meaning, ...ROLES.map((_, index) => (index >= least ? mark : ''))]
  })
  return `${[
    GENERATED,
    '# Permissions',
    'Roles are held in a project, or in `*`, which is all of them. Each may what the roles before it may. A token may at most what its account may. Without a login, on this machine, everybody may everything.',
    markdownTable(['permission', 'what it allows', ...ROLES], rows),
  ].join('\n\n')}\n`
}
