export {
  ALL_PROJECTS,
  isPermission,
  isRole,
  PERMISSION_NAMES,
  PERMISSIONS,
  type Permission,
  ROLES,
  type Role,
  roleAllows,
} from './permissions.ts'
