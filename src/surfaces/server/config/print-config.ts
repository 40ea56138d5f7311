import { redactDatabaseUrl } from '../../../platform/database/index.ts'
import type { LoadedConfig } from './load-config.ts'
import { SETTINGS } from './settings.ts'

/** One setting as it is shown: no secret in it. */
export interface ShownSetting {
  readonly setting: string
  readonly value: unknown
  readonly origin: string
}

const SECRETS = new Set(
  SETTINGS.filter((setting) => setting.isSecret === true).map((setting) => setting.path),
)

/** Every setting with its effective value and where it came from; secrets and passwords hidden. */
export function shownSettings({ config, origins }: LoadedConfig): readonly ShownSetting[] {
  const flat = new Map(
    Object.entries(config).flatMap(([name, value]): [string, unknown][] =>
      typeof value === 'object'
        ? Object.entries(value).map(([inner, item]) => [`${name}.${inner}`, item])
        : [[name, value]],
    ),
  )
  return Object.entries(origins).map(([setting, origin]) => ({
    setting,
    value: shown(setting, flat.get(setting)),
    origin,
  }))
}

function shown(setting: string, value: unknown): unknown {
  if (value === undefined) return null
  if (SECRETS.has(setting)) return '***'
  // Any URL may carry a password.
  return typeof value === 'string' ? redactDatabaseUrl(value) : value
}
