import { migration } from './migration.ts'

/** Accounts, their roles, API tokens and browser sessions. Secrets are kept as hashes only. */
export const access = migration(
  'access',
  ({ integer, text, keyed }) => `
CREATE TABLE accounts (
  name ${text} PRIMARY KEY,
  kind ${text} NOT NULL CHECK (kind IN ('user', 'service-account')),
  password_hash ${text},
  is_disabled ${integer} NOT NULL DEFAULT 0,
  issuer ${text},
  subject ${text},
  created_at_ms ${integer} NOT NULL
) ${keyed};
CREATE UNIQUE INDEX accounts_by_identity ON accounts (issuer, subject);

CREATE TABLE account_roles (
  account ${text} NOT NULL REFERENCES accounts (name),
  project ${text} NOT NULL,
  source ${text} NOT NULL CHECK (source IN ('granted', 'provider')),
  role ${text} NOT NULL CHECK (role IN ('viewer', 'contributor', 'approver', 'admin')),
  PRIMARY KEY (account, project, source)
) ${keyed};

CREATE TABLE api_tokens (
  id ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES accounts (name),
  name ${text} NOT NULL,
  secret_sha256 ${text} NOT NULL,
  scope_json ${text} NOT NULL,
  created_at_ms ${integer} NOT NULL,
  expires_at_ms ${integer},
  last_used_at_ms ${integer},
  revoked_at_ms ${integer}
) ${keyed};
CREATE INDEX api_tokens_by_account ON api_tokens (account, id);

CREATE TABLE login_sessions (
  id_sha256 ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES accounts (name),
  created_at_ms ${integer} NOT NULL,
  expires_at_ms ${integer} NOT NULL
) ${keyed};
CREATE INDEX login_sessions_by_account ON login_sessions (account);
CREATE INDEX login_sessions_by_end ON login_sessions (expires_at_ms);
`,
)
