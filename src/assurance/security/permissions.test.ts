import { describe, expect, it } from 'vitest'
import {
  ALL_PROJECTS,
  accountPrincipal,
  localPrincipal,
  PERMISSION_NAMES,
  PERMISSIONS,
  ROLES,
} from './index.ts'

const MATRIX = PERMISSION_NAMES.flatMap((permission) =>
  ROLES.map((role) => {
    const rule = PERMISSIONS[permission]
    const isEnough = ROLES.indexOf(role) >= ROLES.indexOf(rule.role)
    return { permission, role, isEnough, isServerWide: permission === 'server:admin' }
  }),
)

describe('the table of permissions', () => {
  it.each(MATRIX)('$role, $permission: $isEnough', ({ permission, role, ...expected }) => {
    const held = (project: string) =>
      accountPrincipal({ kind: 'user', name: 'ana', roles: [{ project, role }] }, '10.0.0.7')
    const here = held('churn')
    expect(here.may(permission, 'churn')).toBe(expected.isEnough && !expected.isServerWide)
    expect(here.may(permission, 'other')).toBe(false)
    expect(here.may(permission, ALL_PROJECTS)).toBe(false)
    expect(held(ALL_PROJECTS).may(permission, 'other')).toBe(expected.isEnough)
    expect(localPrincipal('cli').may(permission, 'other')).toBe(true)
    const nobody = accountPrincipal({ kind: 'user', name: 'eva', roles: [] }, '10.0.0.7')
    expect(nobody.may(permission, 'churn')).toBe(false)
  })

  it('gives writing to no viewer and approving to no contributor', () => {
    const viewer = PERMISSION_NAMES.filter((name) => PERMISSIONS[name].role === 'viewer')
    expect(viewer.filter((name) => /write|manage|promote|approve|admin|audit/.test(name))).toEqual(
      [],
    )
    expect(PERMISSIONS['models:approve'].role).toBe('approver')
  })
})
