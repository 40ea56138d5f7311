import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { z } from 'zod'
import { didYouMean } from '../../../core/errors/index.ts'
import { serverErrors } from '../errors.ts'
import { type ServerConfig, serverConfigSchema } from './server-config.ts'
import { flagOf, SETTINGS, settingValue, variableOf } from './settings.ts'

export interface ConfigSources {
  /** Texts, or `true`, by the setting's path; `config` names the file. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What relative paths begin at. */
  readonly folder: string
}

export interface LoadedConfig {
  readonly config: ServerConfig
  /** Where each setting came from: `default`, `flag --port`, `variable ESTEIRA_PORT`, the file. */
  readonly origins: Readonly<Record<string, string>>
}

const FILE_NAME = 'esteira.server.yaml'

interface Given {
  readonly value: unknown
  readonly origin: string
}

/**
 * The effective configuration: flags before variables before the file before defaults. The file is
 * `--config`, or `esteira.server.yaml` in the data folder.
 * @throws CONFIG_INVALID for unknown keys and values that do not fit
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const given = new Map<string, Given>()
  for (const setting of SETTINGS) {
    const found = fromFlag(setting.path, sources) ?? fromVariable(setting.path, sources)
    if (found === undefined) continue
    const { value, origin } = found
    given.set(setting.path, {
      value: typeof value === 'string' ? settingValue(setting, value) : value,
      origin,
    })
  }
  const file = fileOf(sources, given.get('dataDir')?.value)
  const fromFile = file === undefined ? {} : await readFileAt(file)
  const merged = structuredClone(fromFile)
  for (const [place, { value }] of given) put(merged, place, value)
  const parsed = serverConfigSchema.safeParse(merged)
  if (!parsed.success) throw invalid(parsed.error, { given, file })
  return {
    config: absolute(parsed.data, sources.folder),
    origins: originsOf(given, fromFile, file),
  }
}

function fromFlag(place: string, { flags }: ConfigSources): Given | undefined {
  const value = flags[place]
  return value === undefined ? undefined : { value, origin: `flag ${flagOf(place)}` }
}

function fromVariable(place: string, { environment }: ConfigSources): Given | undefined {
  const name = variableOf(place)
  const value = environment[name]
  // An empty variable is how shells and containers say "not set".
  return value === undefined || value === '' ? undefined : { value, origin: `variable ${name}` }
}

function fileOf({ flags, environment, folder }: ConfigSources, dataDir: unknown) {
  const named = flags.config ?? (environment.ESTEIRA_CONFIG || undefined)
  if (named !== undefined) return path.resolve(folder, String(named))
  const inDataFolder = path.resolve(folder, String(dataDir ?? '.esteira'), FILE_NAME)
  return existsSync(inDataFolder) ? inDataFolder : undefined
}

type Tree = Record<string, unknown>

async function readFileAt(file: string): Promise<Tree> {
  const { parse } = await import('yaml')
  try {
    const tree: unknown = parse(readFileSync(file, 'utf8')) ?? {}
    if (!isTree(tree)) throw new Error('it is no list of settings')
    return tree
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const hint = 'Give settings as `port: 8080`, one a line.'
    throw serverErrors.CONFIG_INVALID({ source: file, reason, hint }, cause)
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets `oidc.clientId` within the tree; what the file has there instead of a tree gives way. */
function put(tree: Tree, place: string, value: unknown): void {
  const [name = '', ...rest] = place.split('.')
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const found = tree[name]
  const inner = isTree(found) ? found : {}
  tree[name] = inner
  put(inner, rest.join('.'), value)
}

function at(tree: unknown, place: string): unknown {
  return place
    .split('.')
    .reduce<unknown>((inner, name) => (isTree(inner) ? inner[name] : undefined), tree)
}

function originsOf(
  given: ReadonlyMap<string, Given>,
  fromFile: Tree,
  file: string | undefined,
): Readonly<Record<string, string>> {
  const places = [...SETTINGS.map((setting) => setting.path), 'oidc.roles']
  return Object.fromEntries(
    places.map((place) => {
      const inFile = at(fromFile, place) === undefined ? 'default' : `file ${file}`
      return [place, given.get(place)?.origin ?? inFile]
    }),
  )
}

function absolute(config: ServerConfig, folder: string): ServerConfig {
  return { ...config, dataDir: path.resolve(folder, config.dataDir) }
}

function invalid(
  error: z.ZodError,
  {
    given,
    file,
  }: { readonly given: ReadonlyMap<string, Given>; readonly file: string | undefined },
) {
  const [issue] = error.issues
  const place = issue?.path.join('.') ?? ''
  const source = given.get(place)?.origin ?? (file === undefined ? 'defaults' : `file ${file}`)
  if (issue?.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.')
    const hint = [didYouMean(key, knownPlaces()), '`esteira config` lists all settings.']
    return serverErrors.CONFIG_INVALID({
      source,
      reason: `there is no setting "${key}"`,
      hint: hint.join(' ').trim(),
    })
  }
  return serverErrors.CONFIG_INVALID({
    source,
    reason: `${place}: ${issue?.message ?? 'it does not fit'}`,
    hint: '`esteira config` prints the settings that hold and where each came from.',
  })
}

function knownPlaces(): readonly string[] {
  const places = SETTINGS.map((setting) => setting.path)
  return [
    ...new Set([...places, ...places.map((place) => place.split('.')[0] ?? place), 'oidc.roles']),
  ]
}
