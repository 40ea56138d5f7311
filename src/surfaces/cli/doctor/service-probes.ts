import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import type { Project, Source } from '../../../core/records/index.ts'
import type { Probe } from './finding.ts'

const CONNECT_TIMEOUT_MS = 5_000
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
}

type Environment = Readonly<Record<string, string | undefined>>

/** Fills `${env:NAME}` in. @throws Error naming the variable that is not set. */
function resolveText(text: string, environment: Environment): string {
  return text.replaceAll(/\$\{env:(\w+)\}/g, (_, name: string) => {
    const value = environment[name]
    if (value === undefined) throw new Error(`the environment variable ${name} is not set`)
    return value
  })
}

/** Whether something listens at an address; nothing is asked of it. */
function reach(address: string): Promise<{ isGood: boolean; found: string }> {
  const { hostname, port, protocol } = new URL(address)
  const number = port === '' ? (DEFAULT_PORTS[protocol] ?? 0) : Number(port)
  const { promise, resolve, reject } = Promise.withResolvers<{ isGood: boolean; found: string }>()
  const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ''), port: number })
  socket.setTimeout(CONNECT_TIMEOUT_MS)
  socket.once('connect', () => resolve({ isGood: true, found: `${hostname}:${number} answers` }))
  socket.once('timeout', () => reject(new Error(`${hostname}:${number} does not answer`)))
  socket.once('error', (error) => reject(error))
  return promise.finally(() => socket.destroy())
}

function connectionOf(source: Source): string | undefined {
  if (source.kind === 'sql') return source.connection
  return source.kind === 'http-json' ? source.url : undefined
}

function serviceProbe(
  name: string,
  connection: string,
  folder: string,
  environment: Environment,
): Probe {
  return {
    name: `source "${name}"`,
    needed: 'reachable',
    remedy: 'Start the service, or correct its address in the project file or the environment.',
    otherwise: 'missing',
    look: async () => {
      const address = resolveText(connection, environment)
      if (!address.startsWith('sqlite:')) return reach(address)
      const file = path.resolve(folder, address.slice('sqlite:'.length))
      return { isGood: existsSync(file), found: existsSync(file) ? file : `no file ${file}` }
    },
  }
}

/** The databases and APIs that a project reads from. Addresses with secrets are never shown. */
export function serviceProbes(project: Project, folder: string, environment: Environment): Probe[] {
  return Object.entries(project.sources).flatMap(([name, source]) => {
    const connection = connectionOf(source)
    return connection === undefined ? [] : [serviceProbe(name, connection, folder, environment)]
  })
}
