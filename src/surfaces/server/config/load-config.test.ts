import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig, shownSettings } from '../index.ts'
import { serverConfigSchema } from './server-config.ts'
import { SETTINGS, variableOf } from './settings.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'esteira-config-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function withFile(text: string): string {
  const place = mkdtempSync(path.join(folder, 'data-'))
  mkdirSync(path.join(place, '.esteira'))
  writeFileSync(path.join(place, '.esteira', 'esteira.server.yaml'), text)
  return place
}

const load = (
  place: string,
  flags: Readonly<Record<string, unknown>> = {},
  environment: Readonly<Record<string, string>> = {},
) => loadConfig({ flags, environment, folder: place })

describe('the configuration', () => {
  it('has defaults that are safe on one machine', async () => {
    const { config, origins } = await load(folder)
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8080, requireLogin: false })
    expect(config.dataDir).toBe(path.join(folder, '.esteira'))
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
  })

  it('takes flags before variables before the file', async () => {
    const place = withFile('port: 1\nhost: 10.0.0.1\noidc:\n  issuer: https://id.example\n')
    const environment = { ESTEIRA_PORT: '2', ESTEIRA_OIDC_CLIENT_ID: 'me', ESTEIRA_HOST: '' }
    const { config, origins } = await load(place, { port: '3' }, environment)
    expect(config).toMatchObject({
      port: 3,
      host: '10.0.0.1',
      oidc: { issuer: 'https://id.example', clientId: 'me' },
    })
    expect(origins).toMatchObject({
      port: 'flag --port',
      'oidc.clientId': 'variable ESTEIRA_OIDC_CLIENT_ID',
      host: expect.stringMatching(/^file .*esteira\.server\.yaml$/),
      's3.region': 'default',
    })
    expect((await load(place, {}, environment)).config.port).toBe(2)
    expect((await load(place)).config.port).toBe(1)
  })

  it('reads the file that is named, and says when it cannot', async () => {
    const file = path.join(folder, 'other.yaml')
    writeFileSync(file, 'requireLogin: true\n')
    expect((await load(folder, { config: file })).config.requireLogin).toBe(true)
    expect((await load(folder, {}, { ESTEIRA_CONFIG: 'other.yaml' })).config.requireLogin).toBe(
      true,
    )
    await expect(load(folder, { config: 'nowhere.yaml' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('nowhere.yaml'),
    })
  })

  it.each([
    ['prot: 1', /no setting "prot"/, /mean "port"/],
    ['oidc:\n  isuer: x', /no setting "oidc.isuer"/, /mean "oidc.issuer"/],
    ['port: many', /port: .*expected number/i, /esteira config/],
    ['port: 70000', /port: /, /esteira config/],
    ['onlineStore: memcached://cache', /onlineStore: /, /esteira config/],
    ['oidc:\n  roles: [{group: a, project: b, role: king}]', /oidc.roles.0.role/, /esteira config/],
    ['- port', /no list of settings/, /port: 8080/],
    ['port: [', /flow/i, /port: 8080/],
  ])('refuses %j', async (text, message, hint) => {
    await expect(load(withFile(text))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
  })

  it('names the flag or variable that does not fit', async () => {
    await expect(load(folder, { port: 'x' })).rejects.toMatchObject({
      message: expect.stringContaining('flag --port'),
    })
    await expect(load(folder, {}, { ESTEIRA_REQUIRE_LOGIN: 'perhaps' })).rejects.toMatchObject({
      message: expect.stringContaining('ESTEIRA_REQUIRE_LOGIN'),
    })
  })

  it('is shown without its secrets', async () => {
    const loaded = await load(
      folder,
      {},
      {
        ESTEIRA_OIDC_CLIENT_SECRET: 'hush',
        ESTEIRA_DATABASE_URL: 'postgresql://ana:hush@db/esteira',
        ESTEIRA_ONLINE_STORE: 'rediss://:hush@cache:6380/2',
        ESTEIRA_S3_ENDPOINT: 'https://key:hush@s3.example',
      },
    )
    expect(loaded.config.oidc.clientSecret).toBe('hush')
    const shown = shownSettings(loaded)
    expect(JSON.stringify(shown)).not.toContain('hush')
    expect(shown.find(({ setting }) => setting === 'databaseUrl')).toEqual({
      setting: 'databaseUrl',
      value: 'postgresql://ana:***@db/esteira',
      origin: 'variable ESTEIRA_DATABASE_URL',
    })
    expect(loaded.config.onlineStore).toBe('rediss://:hush@cache:6380/2')
    expect(shown.find(({ setting }) => setting === 'onlineStore')?.value).toBe(
      'rediss://:***@cache:6380/2',
    )
  })

  it('knows every scalar of the schema by a variable', () => {
    const settings = SETTINGS.map((setting) => setting.path.split('.')[0])
    expect(new Set(settings)).toEqual(new Set(Object.keys(serverConfigSchema.shape)))
    expect(variableOf('oidc.clientId')).toBe('ESTEIRA_OIDC_CLIENT_ID')
  })
})
