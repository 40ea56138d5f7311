import type { Configuration } from 'openid-client'
import { ROLES, type Role } from '../../core/access/index.ts'
import { securityErrors } from './errors.ts'
import type { Identity } from './identities.ts'
import type { HeldRole } from './principal.ts'

export interface OidcSettings {
  /** URL of the provider; plain HTTP only on this machine. */
  readonly issuer: string
  readonly clientId: string
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret?: string | undefined
  readonly scopes: string
  /** Claim that holds the name to have here. */
  readonly nameClaim: string
  /** Claim that lists groups; a text counts as a list of one. */
  readonly groupsClaim: string
  readonly roles: readonly {
    readonly group: string
    readonly project: string
    readonly role: Role
  }[]
}

/** What is remembered, by the browser, between leaving for the provider and coming back. */
export interface PendingLogin {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Logins by authorization code with PKCE, state and nonce. */
export interface OidcLogin {
  /** @throws IDENTITY_PROVIDER_FAILED */
  begin(redirectUrl: string): Promise<{ readonly url: string; readonly pending: PendingLogin }>
  /**
   * @param currentUrl the address the browser came back to, with all its parameters
   * @throws IDENTITY_REFUSED, IDENTITY_PROVIDER_FAILED
   */
  finish(currentUrl: URL, pending: PendingLogin): Promise<Identity>
}

/** Nothing is asked of the provider before the first login. */
export function createOidcLogin(settings: OidcSettings): OidcLogin {
  let discovered: Promise<Configuration> | undefined
  const provider = async () => {
    // A provider that was away is asked again.
    discovered ??= discover(settings).catch((error: unknown) => {
      discovered = undefined
      throw error
    })
    return discovered
  }
  return {
    async begin(redirectUrl) {
      const configuration = await provider()
      const client = await import('openid-client')
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      }
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUrl,
        scope: settings.scopes,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, pending }
    },
    async finish(currentUrl, pending) {
      const configuration = await provider()
      const { authorizationCodeGrant } = await import('openid-client')
      try {
        const tokens = await authorizationCodeGrant(configuration, currentUrl, {
          pkceCodeVerifier: pending.verifier,
          expectedState: pending.state,
          expectedNonce: pending.nonce,
          idTokenExpected: true,
        })
        const claims = await allClaims(configuration, tokens, settings)
        return identityOf(claims, settings)
      } catch (cause) {
        throw securityErrors.IDENTITY_REFUSED({ reason: reasonOf(cause) }, cause)
      }
    },
  }
}

async function discover(settings: OidcSettings): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = settings
  const { allowInsecureRequests, discovery, None } = await import('openid-client')
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(issuer).hostname)
  try {
    return await discovery(
      new URL(issuer),
      clientId,
      clientSecret,
      clientSecret === undefined ? None() : undefined,
      // Plain HTTP never leaves the machine; anything else is refused by the client.
      isLocal ? { execute: [allowInsecureRequests] } : {},
    )
  } catch (cause) {
    throw securityErrors.IDENTITY_PROVIDER_FAILED({ issuer, reason: reasonOf(cause) }, cause)
  }
}

type Claims = Readonly<Record<string, unknown>>

/** Many providers keep names and groups out of the ID token and give them at userinfo only. */
async function allClaims(
  configuration: Configuration,
  tokens: { readonly access_token: string; claims(): Claims | undefined },
  { nameClaim, groupsClaim }: OidcSettings,
): Promise<Claims> {
  const claims = tokens.claims() ?? {}
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata()
  const isComplete = nameClaim in claims && groupsClaim in claims
  if (isComplete || endpoint === undefined) return claims
  const { fetchUserInfo } = await import('openid-client')
  const more = await fetchUserInfo(configuration, tokens.access_token, String(claims.sub))
  // What was signed comes before what was only sent.
  return { ...more, ...claims }
}

function identityOf(claims: Claims, settings: OidcSettings): Identity {
  const { sub, [settings.nameClaim]: name } = claims
  if (typeof sub !== 'string') throw new Error('the provider names no subject')
  if (typeof name !== 'string' || name === '') {
    throw new Error(`the provider sends no claim "${settings.nameClaim}"`)
  }
  return { issuer: settings.issuer, subject: sub, name, roles: rolesOf(claims, settings) }
}

function rolesOf(claims: Claims, { groupsClaim, roles }: OidcSettings): readonly HeldRole[] {
  const claim = claims[groupsClaim]
  const groups = Array.isArray(claim) ? claim : [claim]
  const best = new Map<string, Role>()
  for (const { group, project, role } of roles) {
    if (!groups.includes(group)) continue
    const held = best.get(project)
    // Of several groups the one that may most counts.
    if (held === undefined || ROLES.indexOf(role) > ROLES.indexOf(held)) best.set(project, role)
  }
  return [...best].map(([project, role]) => ({ project, role }))
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.replace(/\.$/, '').slice(0, 200)
}
