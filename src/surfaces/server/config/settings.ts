/** One scalar setting: its place in the configuration and how text becomes its value. */
export interface Setting {
  /** Such as `port` or `oidc.clientId`. */
  readonly path: string
  readonly kind: 'text' | 'number' | 'boolean'
  /** Never printed. */
  readonly isSecret?: boolean
}

/** Every setting that a flag or a variable can set; `oidc.roles` is set in the file alone. */
export const SETTINGS: readonly Setting[] = [
  { path: 'host', kind: 'text' },
  { path: 'port', kind: 'number' },
  { path: 'grpcPort', kind: 'number' },
  { path: 'workers', kind: 'number' },
  { path: 'memoryBudget', kind: 'number' },
  { path: 'dataDir', kind: 'text' },
  { path: 'databaseUrl', kind: 'text' },
  { path: 'onlineStore', kind: 'text' },
  { path: 'defaultArtifactRoot', kind: 'text' },
  { path: 'artifactsDestination', kind: 'text' },
  { path: 'requireLogin', kind: 'boolean' },
  { path: 'publicUrl', kind: 'text' },
  { path: 'trustedProxies', kind: 'text' },
  { path: 'sessionSeconds', kind: 'number' },
  { path: 'maxBodyMebibytes', kind: 'number' },
  { path: 'oidc.issuer', kind: 'text' },
  { path: 'oidc.clientId', kind: 'text' },
  { path: 'oidc.clientSecret', kind: 'text', isSecret: true },
  { path: 'oidc.scopes', kind: 'text' },
  { path: 'oidc.nameClaim', kind: 'text' },
  { path: 'oidc.groupsClaim', kind: 'text' },
  { path: 'rateLimit.perMinute', kind: 'number' },
  { path: 's3.endpoint', kind: 'text' },
  { path: 's3.region', kind: 'text' },
  { path: 'payloadLog.url', kind: 'text' },
  { path: 'payloadLog.mode', kind: 'text' },
  { path: 'retention.deletedDays', kind: 'number' },
  { path: 'retention.keepVersions', kind: 'number' },
]

function kebab(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('.', '-')
}

/** `ESTEIRA_OIDC_CLIENT_ID` for `oidc.clientId`. */
export function variableOf(path: string): string {
  return `ESTEIRA_${kebab(path).replaceAll('-', '_').toUpperCase()}`
}

/** `--data-dir` for `dataDir`. */
export function flagOf(path: string): string {
  return `--${kebab(path)}`
}

/** The value of a text from a flag or a variable; a text that fits not is left to the schema. */
export function settingValue({ kind }: Setting, text: string): unknown {
  if (kind === 'text') return text
  if (kind === 'number') return /^-?\d+$/.test(text) ? Number(text) : text
  if (/^(?:1|true|yes)$/i.test(text)) return true
  return /^(?:0|false|no)$/i.test(text) ? false : text
}
