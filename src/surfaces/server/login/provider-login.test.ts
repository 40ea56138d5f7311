import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS } from '../../../testkit/index.ts'
import { createServer, type ServerPlugin, serverConfigSchema } from '../index.ts'

/** What the provider believes the server's address to be; no name server knows it. */
const PUBLIC_URL = 'http://esteira.test'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type GroupsOf = (name: string) => readonly string[]
const OWN_GROUP: GroupsOf = (name) => [`group-of-${name}`, 'team']

/** A real OpenID provider with pages of its own; whoever types a name is that person. */
async function startProvider(groupsOf: GroupsOf, codeSeconds: number) {
  const http = createHttpServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const issuer = addressOf(http)
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'esteira',
        client_secret: 'secret-of-the-client',
        redirect_uris: [`${PUBLIC_URL}/login/callback`],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, name) => ({
      accountId: name,
      claims: () => ({
        sub: `subject-of-${name}`,
        preferred_username: name,
        groups: [...groupsOf(name)],
      }),
    }),
    cookies: { keys: ['a key of this test'] },
    ttl: { AuthorizationCode: codeSeconds },
  })
  http.on('request', provider.callback())
  closers.push(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return issuer
}

function addressOf(http: HttpServer): string {
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

const who: ServerPlugin = async (app) => {
  app.get('/', ({ principal }) => ({
    name: principal.name,
    mayWrite: principal.may('experiments:write', 'churn'),
    isAdmin: principal.may('server:admin', '*'),
  }))
}

async function start(
  dialect: 'sqlite' | 'postgres' = 'sqlite',
  groupsOf = OWN_GROUP,
  codeSeconds = 60,
) {
  const issuer = await startProvider(groupsOf, codeSeconds)
  const made = await createTestDatabase(dialect)
  closers.push(() => made.dispose())
  const config = serverConfigSchema.parse({
    port: 0,
    requireLogin: true,
    publicUrl: PUBLIC_URL,
    oidc: {
      issuer,
      clientId: 'esteira',
      clientSecret: 'secret-of-the-client',
      roles: [
        { group: 'team', project: 'churn', role: 'viewer' },
        { group: 'group-of-ana', project: 'churn', role: 'contributor' },
      ],
    },
  })
  const server = createServer({ config, database: await made.open(), plugins: [who] })
  closers.push(() => server.close())
  return { url: await server.listen(), server, access: server.context.access }
}

/** A browser: keeps cookies by host, goes where it is sent, one step at a time. */
function browser(serverUrl: string) {
  const jars = new Map<string, Map<string, string>>()
  const go = async (target: string, form?: Readonly<Record<string, string>>) => {
    const url = new URL(target.replace(PUBLIC_URL, serverUrl))
    const jar = jars.get(url.host) ?? new Map<string, string>()
    jars.set(url.host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const text of answer.headers.getSetCookie()) {
      const [pair = ''] = text.split(';')
      const at = pair.indexOf('=')
      const value = pair.slice(at + 1)
      if (value === '') jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), value)
    }
    const location = answer.headers.get('location')
    return { answer, next: location === null ? undefined : new URL(location, url).href }
  }
  return {
    go,
    cookies: (url: string) => jars.get(new URL(url).host) ?? new Map<string, string>(),
    /** From /login through the provider's pages; stops at the way back, which it does not go. */
    async wayBack(name: string): Promise<string> {
      let next = (await go(`${serverUrl}/login`)).next
      for (let step = 0; next !== undefined && step < 12; step++) {
        if (next.startsWith(PUBLIC_URL)) return next
        const at = next
        const { answer, next: then } = await go(at)
        next = then
        if (answer.status !== 200) continue
        const page = await answer.text()
        const action = /action="([^"]+)"/.exec(page)?.[1] ?? ''
        const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? ''
        const form = { prompt, login: name, password: 'anything' }
        next = (await go(new URL(action, at).href, form)).next
      }
      throw new Error(`the provider did not send the browser back: ${next}`)
    },
  }
}

async function codeOf(answer: Response): Promise<unknown> {
  const { error } = (await answer.json()) as { error: { code: string } }
  return [answer.status, error.code]
}

describe.each(DIALECTS)('a login through an OpenID provider on %s', (dialect) => {
  it('brings a person in, with the roles of their groups', async () => {
    const { url, access } = await start(dialect)
    const ana = browser(url)
    const { answer, next } = await ana.go(await ana.wayBack('ana'))
    expect([answer.status, next]).toEqual([302, `${url}/`])
    const home = await ana.go(`${url}/`)
    expect(await home.answer.json()).toEqual({ name: 'ana', mayWrite: true, isAdmin: false })
    expect(ana.cookies(url).has('esteira_login')).toBe(false)
    expect(await access.listAccounts()).toMatchObject([{ name: 'ana', login: 'provider' }])
    expect(await access.roles()).toEqual([
      { account: 'ana', project: 'churn', role: 'contributor', source: 'provider' },
    ])
    const eva = browser(url)
    await eva.go(await eva.wayBack('eva'))
    const evas = await eva.go(`${url}/`)
    expect(await evas.answer.json()).toMatchObject({ name: 'eva', mayWrite: false })
  })
})

describe('a login through an OpenID provider', () => {
  it('takes roles away with the groups', async () => {
    const groups: string[] = ['group-of-ana']
    const { url, access } = await start('sqlite', () => groups)
    const before = browser(url)
    await before.go(await before.wayBack('ana'))
    expect(await access.roles('ana')).toHaveLength(1)
    groups.pop()
    const after = browser(url)
    await after.go(await after.wayBack('ana'))
    expect(await access.roles('ana')).toEqual([])
  })

  it('is asked for with a challenge, a state and a nonce that are new each time', async () => {
    const { url } = await start()
    const queries = await Promise.all(
      [1, 2].map(async () => {
        const { next = '' } = await browser(url).go(`${url}/login`)
        return Object.fromEntries(new URL(next).searchParams)
      }),
    )
    for (const query of queries) {
      expect(query).toMatchObject({ code_challenge_method: 'S256', response_type: 'code' })
      expect(query.redirect_uri).toBe(`${PUBLIC_URL}/login/callback`)
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(queries[0]?.[name]).toMatch(/^[\w-]{43}$/)
      expect(queries[0]?.[name]).not.toBe(queries[1]?.[name])
    }
  })

  it.each([
    ['another state', (back: URL) => back.searchParams.set('state', 'x'.repeat(43))],
    ['no state', (back: URL) => back.searchParams.delete('state')],
    ['a code that never was', (back: URL) => back.searchParams.set('code', 'x'.repeat(43))],
    ['another issuer', (back: URL) => back.searchParams.set('iss', 'http://evil.example')],
    ['an error of the provider', (back: URL) => back.searchParams.set('error', 'access_denied')],
    ['two states', (back: URL) => back.searchParams.append('state', 'y')],
  ])('is refused with %s', async (_, change) => {
    const { url, access } = await start()
    const ana = browser(url)
    const back = new URL(await ana.wayBack('ana'))
    change(back)
    const { answer } = await ana.go(back.href)
    expect(await codeOf(answer)).toEqual([403, 'IDENTITY_REFUSED'])
    expect(await access.listAccounts()).toEqual([])
  })

  it.each(['nonce', 'verifier', 'state'])('is refused with another %s', async (part) => {
    const { url } = await start()
    const ana = browser(url)
    const back = await ana.wayBack('ana')
    const jar = ana.cookies(url)
    const text = Buffer.from(jar.get('esteira_login') ?? '', 'base64url').toString('utf8')
    const forged = { ...JSON.parse(text), [part]: 'x'.repeat(43) }
    jar.set('esteira_login', Buffer.from(JSON.stringify(forged)).toString('base64url'))
    expect(await codeOf((await ana.go(back)).answer)).toEqual([403, 'IDENTITY_REFUSED'])
  })

  it('is refused to a browser that did not begin it, and for a code that was used', async () => {
    const { url } = await start()
    const ana = browser(url)
    const back = await ana.wayBack('ana')
    const eva = browser(url)
    expect(await codeOf((await eva.go(back)).answer)).toEqual([400, 'REQUEST_INVALID'])
    eva.cookies(url).set('esteira_login', 'nonsense')
    expect(await codeOf((await eva.go(back)).answer)).toEqual([400, 'REQUEST_INVALID'])
    const login = ana.cookies(url).get('esteira_login') ?? ''
    expect((await ana.go(back)).answer.status).toBe(302)
    ana.cookies(url).set('esteira_login', login)
    expect(await codeOf((await ana.go(back)).answer)).toEqual([403, 'IDENTITY_REFUSED'])
  })

  it('is refused for a code that has expired', async () => {
    const { url } = await start('sqlite', OWN_GROUP, 1)
    const ana = browser(url)
    const back = await ana.wayBack('ana')
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    expect(await codeOf((await ana.go(back)).answer)).toEqual([403, 'IDENTITY_REFUSED'])
  })

  it('never takes over an account that is there', async () => {
    const { url, access } = await start()
    const by = { name: 'root', from: 'cli' }
    await access.createUser({ name: 'ana', password: 'correct horse battery', isAdmin: true }, by)
    const ana = browser(url)
    const { answer } = await ana.go(await ana.wayBack('ana'))
    expect(await codeOf(answer)).toEqual([403, 'IDENTITY_REFUSED'])
  })

  it('says that the provider cannot be reached', async () => {
    const { url } = await start()
    await closers.shift()?.()
    const { answer } = await browser(url).go(`${url}/login`)
    expect(await codeOf(answer)).toEqual([502, 'IDENTITY_PROVIDER_FAILED'])
  })
})
