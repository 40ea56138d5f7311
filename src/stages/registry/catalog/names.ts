import type { Tags } from '../../../platform/tracking/index.ts'
import { catalogErrors } from './errors.ts'
import { STAGES, type Stage } from './registered-model.ts'

const MAX_NAME_LENGTH = 256
const MAX_ALIAS_LENGTH = 255
const MAX_TAG_KEY_LENGTH = 250
const MAX_TAG_VALUE_LENGTH = 100_000
const TAG_KEY = /^[\p{L}\p{N}\p{M}_/:. -]+$/u
const ALIAS = /^[\p{L}\p{N}\p{M}_-]+$/u

/** @throws MODEL_NAME_INVALID */
export function requireModelName(name: string): void {
  const reason = nameFault(name)
  if (reason !== undefined) {
    throw catalogErrors.MODEL_NAME_INVALID({ got: name.slice(0, MAX_NAME_LENGTH), reason })
  }
}

function nameFault(name: string): string | undefined {
  if (name.trim() === '') return 'it is empty'
  if (name.length > MAX_NAME_LENGTH) return `it has ${name.length} characters`
  if (/[/:]/.test(name)) return 'it holds "/" or ":"'
  if (/\p{Cc}/u.test(name)) return 'it holds a control character'
  if (name === '.' || name === '..') return 'it is a way to a folder'
  return undefined
}

/** @throws MODEL_TAG_INVALID */
export function requireTag(key: string, value = ''): void {
  const reason = tagFault(key, value)
  if (reason !== undefined) {
    throw catalogErrors.MODEL_TAG_INVALID({ key: key.slice(0, MAX_TAG_KEY_LENGTH), reason })
  }
}

function tagFault(key: string, value: string): string | undefined {
  if (key === '') return 'its key is empty'
  if (key.length > MAX_TAG_KEY_LENGTH) return `its key has ${key.length} characters`
  if (!TAG_KEY.test(key)) return 'its key holds other characters than may stand there'
  if (key.startsWith('/') || key.split('/').some((part) => ['', '.', '..'].includes(part))) {
    return 'its key reads like a path that leads elsewhere'
  }
  if (value.length > MAX_TAG_VALUE_LENGTH) return `its value has ${value.length} characters`
  if (value.includes('\0')) return 'its value holds a NUL character'
  return undefined
}

/** @throws MODEL_TAG_INVALID */
export function requireTags(tags: Tags): void {
  for (const [key, value] of Object.entries(tags)) requireTag(key, value)
}

/** Whether an alias can be asked for. @throws ALIAS_INVALID */
export function requireAlias(alias: string): void {
  const reason =
    alias === ''
      ? 'it is empty'
      : alias.length > MAX_ALIAS_LENGTH
        ? `it has ${alias.length} characters`
        : ALIAS.test(alias)
          ? undefined
          : 'it holds other characters than letters, digits, _ and -'
  if (reason !== undefined) {
    throw catalogErrors.ALIAS_INVALID({ got: alias.slice(0, MAX_ALIAS_LENGTH), reason })
  }
}

/** Whether an alias can be given: `latest` and `v1` mean something already. @throws ALIAS_INVALID */
export function requireFreeAlias(alias: string): void {
  requireAlias(alias)
  if (isLatest(alias) || /^v\d+$/i.test(alias)) {
    throw catalogErrors.ALIAS_INVALID({ got: alias, reason: 'it is reserved' })
  }
}

/** The alias that every model has: its highest version. */
export function isLatest(alias: string): boolean {
  return alias.toLowerCase() === 'latest'
}

/** The stage of that name, in whatever case. @throws STAGE_UNKNOWN */
export function requireStage(name: string): Stage {
  const stage = STAGES.find((known) => known.toLowerCase() === name.toLowerCase())
  if (stage === undefined) throw catalogErrors.STAGE_UNKNOWN({ got: name.slice(0, 100) })
  return stage
}
