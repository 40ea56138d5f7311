export { type Adoption, type AdoptVersionOptions, adoptVersion } from './adopt-version.ts'
export { adoptionErrors } from './errors.ts'
export type { ModelFiles } from './model-files.ts'
