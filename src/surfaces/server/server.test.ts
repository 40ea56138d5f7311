import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestDatabase, DIALECTS } from '../../testkit/index.ts'
import { createServer, requirePermission, type ServerPlugin, serverConfigSchema } from './index.ts'

const BY = { name: 'root', from: 'cli' }
const PASSWORD = 'correct horse battery'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const things: ServerPlugin = async (app) => {
  app.get('/things', async (request) => {
    await requirePermission(request, 'experiments:read', 'churn')
    return { who: request.principal.name, from: request.principal.from }
  })
  app.post('/things', async (request) => {
    await requirePermission(request, 'experiments:write', { project: 'churn', subject: 'thing/1' })
    return { got: request.body }
  })
  app.get('/broken', () => {
    throw new Error('secret inner reason')
  })
}

async function start(
  settings: Readonly<Record<string, unknown>> = {},
  more: { readonly dialect?: 'sqlite' | 'postgres'; readonly predictionToken?: string } = {},
) {
  const made = await createTestDatabase(more.dialect ?? 'sqlite')
  closers.push(() => made.dispose())
  const logged: string[] = []
  const server = createServer({
    config: serverConfigSchema.parse({ port: 0, ...settings }),
    database: await made.open(),
    plugins: [things],
    logger: (message) => void logged.push(message),
    predictionToken: more.predictionToken,
  })
  closers.push(() => server.close())
  return { server, logged, access: server.context.access, audit: server.context.audit }
}

async function startWithLogin(settings: Readonly<Record<string, unknown>> = {}) {
  const started = await start({ requireLogin: true, ...settings })
  await started.access.createUser({ name: 'root', password: PASSWORD, isAdmin: true }, BY)
  await started.access.createUser({ name: 'ana', password: PASSWORD }, BY)
  await started.access.grantRole({ account: 'ana', project: 'churn', role: 'viewer' }, BY)
  return { ...started, url: await started.server.listen() }
}

const basic = (name: string, password = PASSWORD) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

/** Sends bytes as they are: what no HTTP client would. */
async function raw(url: string, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', () => {})
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`, 'latin1')
  await once(socket, 'close')
  return text
}

async function errorOf(answer: Response): Promise<unknown> {
  const { error } = (await answer.json()) as { error: { code: string } }
  return [answer.status, error.code]
}

describe.each(DIALECTS)('the server on %s', (dialect) => {
  it('answers on this machine without a login, as "local"', async () => {
    const { server } = await start({}, { dialect })
    const url = await server.listen()
    expect(await (await fetch(`${url}/things`)).json()).toEqual({ who: 'local', from: '127.0.0.1' })
    expect(await (await fetch(`${url}/health`)).text()).toBe('OK')
    expect(await (await fetch(`${url}/version`)).text()).toMatch(/^\d+\.\d+\.\d+/)
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ live: true })
    expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ ready: true })
  })

  it('asks for a login, and keeps refused attempts', async () => {
    const { server, access, audit } = await start({ requireLogin: true }, { dialect })
    await access.createUser({ name: 'ana', password: PASSWORD }, BY)
    await access.grantRole({ account: 'ana', project: 'churn', role: 'viewer' }, BY)
    const url = await server.listen()
    const nobody = await fetch(`${url}/things`)
    expect(nobody.headers.get('www-authenticate')).toMatch(/^Basic realm="esteira"/)
    expect(await errorOf(nobody)).toEqual([401, 'LOGIN_NEEDED'])
    const headers = { authorization: basic('ana'), 'content-type': 'application/json' }
    expect((await fetch(`${url}/things`, { headers })).status).toBe(200)
    const denied = await fetch(`${url}/things`, { method: 'POST', headers, body: '{}' })
    expect(await errorOf(denied)).toEqual([403, 'PERMISSION_DENIED'])
    const wrong = { authorization: basic('ana', 'wrong') }
    expect(await errorOf(await fetch(`${url}/things`, { headers: wrong }))).toEqual([
      401,
      'LOGIN_FAILED',
    ])
    const { text, id } = await access.createToken({ account: 'ana', name: 'laptop' }, BY)
    const bearer = { headers: { authorization: `Bearer ${text}` } }
    expect((await fetch(`${url}/things`, bearer)).status).toBe(200)
    await access.revokeToken(id, BY)
    expect(await errorOf(await fetch(`${url}/things`, bearer))).toEqual([401, 'LOGIN_FAILED'])
    const refused = await audit.list({ filter: { outcome: 'refused' } })
    expect(refused.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
      ['ana', 'experiments:write', 'thing/1'],
      ['ana', 'login', 'name or password'],
      [`token ${id}`, 'login', 'API token'],
    ])
    expect(await audit.verify()).toMatchObject({ ok: true })
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })
})

describe("the server's door", () => {
  it('does not start where others reach it when nobody can log in', async () => {
    const { server, access } = await start({ host: '0.0.0.0' })
    await expect(server.listen()).rejects.toMatchObject({
      code: 'LOGIN_NOT_SET_UP',
      hint: expect.stringContaining('esteira user create <name> --admin'),
    })
    await access.createUser({ name: 'ana', password: PASSWORD }, BY)
    await expect(server.listen()).rejects.toMatchObject({ code: 'LOGIN_NOT_SET_UP' })
    await access.grantRole({ account: 'ana', project: '*', role: 'admin' }, BY)
    const url = await server.listen()
    const { port } = new URL(url)
    expect((await fetch(`http://127.0.0.1:${port}/things`)).status).toBe(401)
  })

  it('believes a forwarded address of trusted proxies only', async () => {
    const from = async (settings: Readonly<Record<string, unknown>>) => {
      const { server } = await start(settings)
      const headers = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example' }
      const answer = await fetch(`${await server.listen()}/things`, { headers })
      return ((await answer.json()) as { from: string }).from
    }
    expect(await from({})).toBe('127.0.0.1')
    expect(await from({ trustedProxies: '127.0.0.1' })).toBe('203.0.113.9')
    expect(await from({ trustedProxies: '10.0.0.1, 10.0.0.2' })).toBe('127.0.0.1')
  })

  it('says that its port is taken', async () => {
    const first = await start()
    const { port } = new URL(await first.server.listen())
    const second = await start({ port: Number(port) })
    await expect(second.server.listen()).rejects.toMatchObject({ code: 'SERVER_ADDRESS_TAKEN' })
  })

  it.each([
    ['a name of another site', ['Host: evil.example']],
    ['a name that begins like this machine', ['Host: localhost.evil.example']],
    ['an address that begins like this machine', ['Host: 127.0.0.1.evil.example']],
    ['another address', ['Host: 192.168.0.1']],
    ['a forged forwarded host', ['Host: evil.example', 'X-Forwarded-Host: localhost']],
    ['an empty host', ['Host:']],
  ])('refuses %s when there is no login', async (_, headers) => {
    const { server } = await start()
    const url = await server.listen()
    expect(await raw(url, ['GET /things HTTP/1.1', ...headers])).toMatch(/^HTTP\/1\.1 40[03] /)
  })

  it.each(['127.0.0.1:5000', 'localhost', '[::1]:80', 'LOCALHOST:1'])(
    'takes %s for this machine',
    async (host) => {
      const { server } = await start()
      const answer = await raw(await server.listen(), ['GET /things HTTP/1.1', `Host: ${host}`])
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  it.each([
    ['another Origin', { origin: 'https://evil.example' }],
    ['no Origin at all', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
    ['a same-site request', { 'sec-fetch-site': 'same-site' }],
  ])('refuses an unsafe request with %s, without a login', async (_, headers) => {
    const { server } = await start()
    const url = await server.listen()
    const json = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/things`, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: '{}',
    })
    expect(await errorOf(answer)).toEqual([403, 'CSRF_REFUSED'])
    const own = { ...json, origin: url, 'sec-fetch-site': 'same-origin' }
    const fine = await fetch(`${url}/things`, { method: 'POST', headers: own, body: '{}' })
    expect(fine.status).toBe(200)
  })

  it.each([
    ['twice', ['Authorization: Basic cm9vdDp4', 'Authorization: Basic cm9vdDp4'], 401],
    ['with NUL', [`Authorization: Basic ${Buffer.from('ro\0ot:x').toString('base64')}`], 401],
    ['with a line feed', [`Authorization: Basic ${Buffer.from('a:b\n').toString('base64')}`], 401],
    ['without a colon', [`Authorization: Basic ${Buffer.from('root').toString('base64')}`], 401],
    [
      'that is not UTF-8',
      [`Authorization: Basic ${Buffer.from([255, 58]).toString('base64')}`],
      401,
    ],
    ['that is not base64', ['Authorization: Basic ***'], 401],
    ['that is empty', ['Authorization:'], 401],
    ['of another scheme', ['Authorization: Digest a=b'], 401],
    ['with too many parts', ['Authorization: Bearer a b'], 401],
    ['of 10,000 characters', [`Authorization: Bearer ${'x'.repeat(10_000)}`], 401],
    ['larger than all headers may be', [`Authorization: Bearer ${'x'.repeat(20_000)}`], 431],
    ['with a raw NUL', ['Authorization: Basic \0'], 400],
  ])('refuses an Authorization header %s', async (_, headers, status) => {
    const { url } = await startWithLogin()
    const answer = await raw(url, ['GET /things HTTP/1.1', 'Host: localhost', ...headers])
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  it('checks credentials that are given, also where none are needed', async () => {
    const { server } = await start()
    const headers = { authorization: basic('eva') }
    expect((await fetch(`${await server.listen()}/things`, { headers })).status).toBe(401)
  })

  it('slows down guessing with Retry-After', async () => {
    const { url } = await startWithLogin()
    const guess = () => fetch(`${url}/things`, { headers: { authorization: basic('eva', 'x') } })
    for (let attempt = 0; attempt < 5; attempt++) expect((await guess()).status).toBe(401)
    const answer = await guess()
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await errorOf(answer)).toEqual([429, 'LOGIN_THROTTLED'])
  })

  it('limits the requests of one account', async () => {
    const { url } = await startWithLogin({ rateLimit: { perMinute: 3 } })
    const ask = (name: string) =>
      fetch(`${url}/things`, { headers: { authorization: basic(name) } })
    for (let request = 0; request < 3; request++) expect((await ask('ana')).status).toBe(200)
    expect(await errorOf(await ask('ana'))).toEqual([429, 'TOO_MANY_REQUESTS'])
    expect((await ask('root')).status).toBe(200)
  })

  it('lets the prediction token use endpoints only', async () => {
    const { server } = await start({}, { predictionToken: 'secret-of-the-gateway' })
    const url = await server.listen()
    expect((await fetch(`${url}/things`)).status).toBe(401)
    const headers = { authorization: 'Bearer secret-of-the-gateway' }
    expect(await errorOf(await fetch(`${url}/things`, { headers }))).toEqual([
      403,
      'PERMISSION_DENIED',
    ])
  })

  it('sends headers that keep browsers safe, and says nothing of its inner faults', async () => {
    const { server, logged } = await start()
    const url = await server.listen()
    const answer = await fetch(`${url}/broken`)
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    const text = await answer.text()
    expect(text).not.toContain('secret inner reason')
    const { error } = JSON.parse(text)
    expect(error).toMatchObject({ code: 'SERVER_FAULT' })
    expect(error.requestId).toBe(answer.headers.get('x-request-id'))
    expect(logged).toHaveLength(1)
    expect(JSON.parse(String(logged[0]))).toMatchObject({ requestId: error.requestId, status: 500 })
    expect(await errorOf(await fetch(`${url}/nothing/../here`))).toEqual([404, 'PATH_UNKNOWN'])
  })

  it.each([
    ['not JSON', 'nonsense', 'application/json', 400],
    ['cut off', '{"a": [1', 'application/json', 400],
    ['__proto__', '{"__proto__": {"admin": true}}', 'application/json', 400],
    ['constructor', '{"constructor": {"prototype": {"a": 1}}}', 'application/json', 400],
    ['deep arrays', '['.repeat(101) + ']'.repeat(101), 'application/json', 400],
    ['deep objects', `${'{"a":'.repeat(200_000)}1`, 'application/json', 400],
    ['plain text', '{}', 'text/plain', 415],
    ['another type', '<a/>', 'application/xml', 415],
    ['too large', JSON.stringify('x'.repeat(1_048_576)), 'application/json', 413],
    ['brackets in a text', JSON.stringify('['.repeat(200)), 'application/json', 200],
    ['escaped quotes', JSON.stringify({ a: `\\"${'{'.repeat(200)}\\` }), 'application/json', 200],
    ['a hundred levels', '['.repeat(100) + ']'.repeat(100), 'application/json', 200],
  ])('meets a body of %s', async (_, body, type, status) => {
    const { server } = await start({ maxBodyMebibytes: 1 })
    const url = await server.listen()
    const headers = { 'content-type': type }
    const answer = await fetch(`${url}/things`, { method: 'POST', headers, body })
    expect(answer.status).toBe(status)
  })

  it('finishes what is under way before it closes', async () => {
    const { server } = await start()
    const url = await server.listen()
    const answers = Array.from({ length: 5 }, () => fetch(`${url}/things`))
    const first = await Promise.race(answers)
    await server.close()
    expect(first.status).toBe(200)
    await expect(fetch(`${url}/things`)).rejects.toThrow()
  })
})

describe('a browser session', () => {
  async function logIn(url: string) {
    const answer = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'root', password: PASSWORD }),
    })
    const { csrfToken } = (await answer.json()) as { csrfToken: string }
    const cookies = answer.headers.getSetCookie()
    const cookie = cookies.map((text) => text.split(';', 1)[0]).join('; ')
    return { cookies, cookie, csrfToken }
  }

  it('is a cookie that no script reads, and that needs its token for unsafe requests', async () => {
    const { url } = await startWithLogin()
    const { cookies, cookie, csrfToken } = await logIn(url)
    const session = cookies.find((text) => text.startsWith('esteira_session='))
    expect(session).toMatch(/HttpOnly; SameSite=Lax/)
    expect((await fetch(`${url}/things`, { headers: { cookie } })).status).toBe(200)
    const post = (headers: Readonly<Record<string, string>>) =>
      fetch(`${url}/things`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', ...headers },
        body: '{}',
      })
    const refused = [403, 'CSRF_REFUSED']
    expect(await errorOf(await post({}))).toEqual(refused)
    expect(await errorOf(await post({ 'x-csrf-token': `${csrfToken}x` }))).toEqual(refused)
    const other = await logIn(url)
    expect(await errorOf(await post({ 'x-csrf-token': other.csrfToken }))).toEqual(refused)
    const foreign = { 'x-csrf-token': csrfToken, origin: 'https://evil.example' }
    expect(await errorOf(await post(foreign))).toEqual(refused)
    expect((await post({ 'x-csrf-token': csrfToken })).status).toBe(200)
    const out = { method: 'POST', headers: { cookie, 'x-csrf-token': csrfToken } }
    expect((await fetch(`${url}/logout`, out)).status).toBe(200)
    expect((await fetch(`${url}/things`, { headers: { cookie } })).status).toBe(401)
  })

  it('is marked secure behind TLS', async () => {
    const { url } = await startWithLogin({ publicUrl: 'https://ml.example' })
    expect((await logIn(url)).cookies.every((text) => text.includes('; Secure'))).toBe(true)
    const answer = await fetch(`${url}/health`)
    expect(answer.headers.get('strict-transport-security')).toContain('max-age')
  })

  it('is not opened by a form of another site, nor by a wrong password', async () => {
    const { url } = await startWithLogin()
    const form = (origin: string, password: string) =>
      fetch(`${url}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin },
        body: new URLSearchParams({ name: 'root', password }),
      })
    expect((await form('https://evil.example', PASSWORD)).status).toBe(403)
    expect((await form(url, 'wrong')).status).toBe(401)
    const answer = await form(url, PASSWORD)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect((await fetch(`${url}/login`)).headers.get('content-type')).toContain('text/html')
  })

  it('is not made from forged cookies', async () => {
    const { url } = await startWithLogin()
    for (const value of ['', 'x', '%00', 'x'.repeat(4_000), "' OR 1=1 --"]) {
      const headers = { cookie: `esteira_session=${value}` }
      expect((await fetch(`${url}/things`, { headers })).status).toBe(401)
    }
  })
})
