import { afterEach, describe, expect, it } from 'vitest'
import type { Change } from '../../platform/database/index.ts'
import { createTestDatabase, DIALECTS } from '../../testkit/index.ts'
import { ALL_PROJECTS, createAccess } from './index.ts'

const BY = { name: 'root', from: 'cli' }
const FROM = '10.0.0.7'
const PASSWORD = 'correct horse battery'

const opened: { dispose(): Promise<void> }[] = []
afterEach(async () => {
  for (const made of opened.splice(0)) await made.dispose()
})

describe.each(DIALECTS)('access on %s', (dialect) => {
  async function start() {
    const made = await createTestDatabase(dialect)
    opened.push(made)
    const database = await made.open()
    const changes: Change[] = []
    const refused: string[] = []
    let nowMs = 1_700_000_000_000
    const access = createAccess(database, {
      clock: { now: () => nowMs },
      listener: async (_, told) => void changes.push(...told),
      onRefused: async ({ actor, means }) => void refused.push(`${actor.name}: ${means}`),
    })
    const wait = (ms: number) => {
      nowMs += ms
    }
    return { database, access, changes, refused, wait, now: () => nowMs }
  }

  it('lets in who knows the password, and tells every change', async () => {
    const { access, changes, refused, database } = await start()
    expect(await access.hasAdministrator()).toBe(false)
    const account = await access.createUser({ name: 'ana', password: PASSWORD, isAdmin: true }, BY)
    expect(account).toMatchObject({ name: 'ana', kind: 'user', login: 'password' })
    expect(await access.hasAdministrator()).toBe(true)
    const principal = await access.authenticateBasic({
      name: 'ana',
      password: PASSWORD,
      from: FROM,
    })
    expect(principal).toMatchObject({ kind: 'user', name: 'ana', from: FROM })
    expect(principal.may('server:admin', 'anything')).toBe(true)
    expect(principal.readableProjects()).toBe('all')
    for (const [name, password] of [
      ['ana', `${PASSWORD} `],
      ['ana', ''],
      ['eva', PASSWORD],
      ['', ''],
      ["ana' OR 1=1 --", PASSWORD],
    ] as const) {
      await expect(access.authenticateBasic({ name, password, from: FROM })).rejects.toMatchObject({
        code: 'LOGIN_FAILED',
        status: 401,
      })
    }
    expect(refused[0]).toBe('ana: name or password')
    expect(changes.map(({ action, subject }) => [action, subject])).toEqual([
      ['account.create', 'account/ana'],
      ['role.grant', 'account/ana'],
    ])
    const { password_hash } = await database.queries
      .selectFrom('accounts')
      .select('password_hash')
      .executeTakeFirstOrThrow()
    expect(password_hash).toMatch(/^scrypt\$32768\$8\$3\$[\w+/=]{24}\$[\w+/=]{44}$/)
  })

  it('refuses names and passwords that will not do', async () => {
    const { access } = await start()
    const create = (name: string, password: string) => access.createUser({ name, password }, BY)
    await expect(create('ana', 'short-pwd')).rejects.toMatchObject({ code: 'PASSWORD_TOO_SHORT' })
    await expect(create('ana', 'x'.repeat(1_025))).rejects.toMatchObject({
      code: 'PASSWORD_TOO_LONG',
    })
    for (const name of ['', ' ana', '-ana', 'a/b', 'a\0b', 'local', 'Platform', 'x'.repeat(101)]) {
      await expect(create(name, PASSWORD)).rejects.toMatchObject({ code: 'ACCOUNT_NAME_INVALID' })
    }
    await access.createServiceAccount('ci', BY)
    await expect(create('ci', PASSWORD)).rejects.toMatchObject({ code: 'ACCOUNT_EXISTS' })
    await expect(access.setPassword('ci', PASSWORD, BY)).rejects.toMatchObject({
      code: 'ACCOUNT_WITHOUT_PASSWORD',
    })
    await expect(access.setPassword('c', PASSWORD, BY)).rejects.toMatchObject({
      code: 'ACCOUNT_UNKNOWN',
      hint: expect.stringContaining('"ci"'),
    })
  })

  it('makes guessing slow, without locking the owner out from elsewhere', async () => {
    const { access, wait } = await start()
    await access.createUser({ name: 'ana', password: PASSWORD }, BY)
    const log = (password: string, from = FROM) =>
      access.authenticateBasic({ name: 'ana', password, from })
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(log('wrong password')).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    }
    await expect(log(PASSWORD)).rejects.toMatchObject({
      code: 'LOGIN_THROTTLED',
      status: 429,
      details: { retryAfterSeconds: 1 },
    })
    expect((await log(PASSWORD, '10.0.0.8')).name).toBe('ana')
    wait(1_000)
    await expect(log('wrong password')).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    wait(1_000)
    await expect(log(PASSWORD)).rejects.toMatchObject({ details: { retryAfterSeconds: 1 } })
    wait(1_000)
    expect((await log(PASSWORD)).name).toBe('ana')
    await expect(log('wrong password')).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect((await log(PASSWORD)).name).toBe('ana')
  })

  it('forgets a password that was changed and an account that was disabled, at once', async () => {
    const { access } = await start()
    await access.createUser({ name: 'root', password: PASSWORD, isAdmin: true }, BY)
    await access.createUser({ name: 'ana', password: PASSWORD }, BY)
    const log = (password: string) =>
      access.authenticateBasic({ name: 'ana', password, from: FROM })
    await log(PASSWORD)
    const { secret } = await access.openSession('ana', BY)
    const { text } = await access.createToken({ account: 'ana', name: 'laptop' }, BY)
    expect((await access.authenticateSession(secret, FROM))?.principal.name).toBe('ana')
    expect((await access.authenticateToken(text, FROM)).name).toBe('ana')
    await access.setPassword('ana', 'another sentence', BY)
    await expect(log(PASSWORD)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect((await log('another sentence')).name).toBe('ana')
    expect(await access.authenticateSession(secret, FROM)).toBeUndefined()
    const later = await access.openSession('ana', BY)
    await access.disableUser('ana', BY)
    await expect(log('another sentence')).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    await expect(access.authenticateToken(text, FROM)).rejects.toMatchObject({
      code: 'LOGIN_FAILED',
    })
    expect(await access.authenticateSession(later.secret, FROM)).toBeUndefined()
    await access.enableUser('ana', BY)
    expect((await access.authenticateToken(text, FROM)).name).toBe('ana')
  })

  it('stops a token that is revoked, expired or forged', async () => {
    const { access, wait, now, database, changes } = await start()
    await access.createServiceAccount('ci', BY)
    const create = (expiresAtMs?: number) =>
      access.createToken(
        { account: 'ci', name: 'ci', ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
        BY,
      )
    const token = await create(now() + 60_000)
    expect(token.text).toMatch(/^est_[0-9a-f]{16}_[\w-]{43}$/)
    const fails = (text: string) =>
      expect(access.authenticateToken(text, `${now()}`)).rejects.toMatchObject({
        code: 'LOGIN_FAILED',
      })
    expect((await access.authenticateToken(token.text, FROM)).kind).toBe('service-account')
    expect((await access.listTokens('ci'))[0]?.lastUsedAtMs).toBe(now())
    const flipped = token.text.endsWith('A') ? 'B' : 'A'
    await fails(`${token.text.slice(0, -1)}${flipped}`)
    await fails(token.text.replace(token.id, '0'.repeat(16)))
    await fails('est_')
    await fails('')
    wait(60_000)
    await fails(token.text)
    await expect(create(now())).rejects.toMatchObject({ code: 'TOKEN_EXPIRY_INVALID' })
    await expect(create(Number.NaN)).rejects.toMatchObject({ code: 'TOKEN_EXPIRY_INVALID' })
    const other = await create()
    expect((await access.authenticateToken(other.text, FROM)).name).toBe('ci')
    await access.revokeToken(other.id, BY)
    await access.revokeToken(other.id, BY)
    await fails(other.text)
    await expect(access.revokeToken('nope', BY)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    expect(changes.map(({ action }) => action)).toEqual([
      'account.create',
      'token.create',
      'token.create',
      'token.revoke',
    ])
    const stored = JSON.stringify(
      await database.queries.selectFrom('api_tokens').selectAll().execute(),
    )
    expect(stored).not.toContain(token.text.slice(-43))
  })

  it('narrows a token to permissions, a project and endpoints, never widens it', async () => {
    const { access } = await start()
    await access.createServiceAccount('ci', BY)
    await access.grantRole({ account: 'ci', project: 'churn', role: 'contributor' }, BY)
    const principalOf = async (scope: Parameters<typeof access.createToken>[0]['scope']) => {
      const { text } = await access.createToken(
        { account: 'ci', name: 'x', ...(scope === undefined ? {} : { scope }) },
        BY,
      )
      return access.authenticateToken(text, FROM)
    }
    const full = await principalOf(undefined)
    expect(full.defaultProject).toBe('churn')
    expect(full.readableProjects()).toEqual(['churn'])
    expect(full.may('experiments:write', 'churn')).toBe(true)
    expect(full.may('experiments:write', 'other')).toBe(false)
    expect(full.may('models:promote', 'churn')).toBe(false)
    const reader = await principalOf({ permissions: ['experiments:read', 'models:promote'] })
    expect(reader.may('experiments:read', 'churn')).toBe(true)
    expect(reader.may('experiments:write', 'churn')).toBe(false)
    expect(reader.may('models:promote', 'churn')).toBe(false)
    const elsewhere = await principalOf({ project: 'other' })
    expect(elsewhere.may('experiments:read', 'churn')).toBe(false)
    expect(elsewhere.may('experiments:read', 'other')).toBe(false)
    expect(elsewhere.readableProjects()).toEqual([])
    const caller = await principalOf({ endpoints: ['churn-live'] })
    expect(caller.may('endpoints:predict', 'churn', 'churn-live')).toBe(true)
    expect(caller.may('endpoints:predict', 'churn', 'other')).toBe(false)
    expect(caller.may('endpoints:predict', 'churn')).toBe(false)
    expect(caller.may('experiments:read', 'churn')).toBe(false)
    await expect(
      access.createToken(
        { account: 'ci', name: 'x', scope: JSON.parse('{"permissions":["x"]}') },
        BY,
      ),
    ).rejects.toMatchObject({ code: 'PERMISSION_UNKNOWN' })
  })

  it('ends sessions in time and on demand', async () => {
    const { access, wait } = await start()
    await access.createUser({ name: 'ana', password: PASSWORD }, BY)
    const session = await access.openSession('ana', BY, 1_000)
    const found = await access.authenticateSession(session.secret, FROM)
    expect(found?.csrfToken).toBe(session.csrfToken)
    wait(1_000)
    expect(await access.authenticateSession(session.secret, FROM)).toBeUndefined()
    const other = await access.openSession('ana', BY)
    expect(other.csrfToken).not.toBe(session.csrfToken)
    await access.endSession(other.secret, BY)
    await access.endSession(other.secret, BY)
    expect(await access.authenticateSession(other.secret, FROM)).toBeUndefined()
  })

  it('keeps the last administrator', async () => {
    const { access } = await start()
    await access.createUser({ name: 'root', password: PASSWORD, isAdmin: true }, BY)
    const last = { code: 'LAST_ADMINISTRATOR' }
    const all = { account: 'root', project: ALL_PROJECTS }
    await expect(access.disableUser('root', BY)).rejects.toMatchObject(last)
    await expect(access.revokeRole(all, BY)).rejects.toMatchObject(last)
    await expect(access.grantRole({ ...all, role: 'viewer' }, BY)).rejects.toMatchObject(last)
    await access.createUser({ name: 'ana', password: PASSWORD, isAdmin: true }, BY)
    await access.disableUser('root', BY)
    await expect(
      access.revokeRole({ account: 'ana', project: ALL_PROJECTS }, BY),
    ).rejects.toMatchObject(last)
  })

  it('grants and revokes roles', async () => {
    const { access, changes } = await start()
    await access.createServiceAccount('ci', BY)
    const held = { account: 'ci', project: 'churn' }
    await access.grantRole({ ...held, role: 'viewer' }, BY)
    await access.grantRole({ ...held, role: 'approver' }, BY)
    expect(await access.roles('ci')).toEqual([{ ...held, role: 'approver', source: 'granted' }])
    await access.revokeRole(held, BY)
    await expect(access.revokeRole(held, BY)).rejects.toMatchObject({ code: 'ROLE_NOT_HELD' })
    expect(await access.roles()).toEqual([])
    expect(changes.at(-1)).toMatchObject({ action: 'role.revoke', project: 'churn', after: null })
    const nonsense = JSON.parse('{"account":"ci","project":"churn","role":"king"}')
    await expect(access.grantRole(nonsense, BY)).rejects.toMatchObject({ code: 'ROLE_INVALID' })
  })

  it("takes a provider's word for who somebody is, never for an account that is there", async () => {
    const { access } = await start()
    await access.createUser({ name: 'ana', password: PASSWORD, isAdmin: true }, BY)
    const identity = {
      issuer: 'https://id.example',
      subject: '42',
      name: 'eva',
      roles: [{ project: 'churn', role: 'viewer' as const }],
    }
    expect(await access.admitIdentity(identity, FROM)).toBe('eva')
    const again = { ...identity, name: 'ana', roles: [{ project: 'b', role: 'admin' as const }] }
    expect(await access.admitIdentity(again, FROM)).toBe('eva')
    expect((await access.roles('eva')).map(({ project }) => project)).toEqual(['b'])
    await expect(
      access.admitIdentity({ ...identity, subject: '43', name: 'ana' }, FROM),
    ).rejects.toMatchObject({ code: 'IDENTITY_REFUSED' })
    await access.disableUser('eva', BY)
    await expect(access.admitIdentity(identity, FROM)).rejects.toMatchObject({
      code: 'IDENTITY_REFUSED',
    })
  })
})
