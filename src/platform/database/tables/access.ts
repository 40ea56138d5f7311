/** Tables of the access migration. */
export interface AccessTables {
  /** Users and service accounts. */
  readonly accounts: {
    name: string
    kind: string
    /** Null for service accounts and for users of an OpenID provider. */
    password_hash: string | null
    is_disabled: number
    /** The OpenID provider's issuer and the subject there; null for others. */
    issuer: string | null
    subject: string | null
    created_at_ms: number
  }
  readonly account_roles: {
    account: string
    project: string
    /** `granted` by an administrator, or `provider`: from groups at the OpenID provider. */
    source: string
    role: string
  }
  readonly api_tokens: {
    id: string
    account: string
    name: string
    secret_sha256: string
    /** JSON of a `TokenScope`. */
    scope_json: string
    created_at_ms: number
    expires_at_ms: number | null
    last_used_at_ms: number | null
    revoked_at_ms: number | null
  }
  readonly login_sessions: {
    id_sha256: string
    account: string
    created_at_ms: number
    expires_at_ms: number
  }
}
