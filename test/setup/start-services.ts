/**
 * Before any test: the PostgreSQL server that source tests read from. A server that runs is used as
 * it is; one that is installed but stopped is started; a missing one is installed where the machine
 * allows it (Debian, as root). `ESTEIRA_TEST_POSTGRES_URL` names another server.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'

const CLUSTERS = '/etc/postgresql'
const STARTED_WITHIN_MS = 30_000

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const end = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function installPostgres(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      'The tests need a PostgreSQL server at 127.0.0.1:5432 (user postgres, database test, no password), ' +
        'or one named by ESTEIRA_TEST_POSTGRES_URL. Install and start one, then run the tests again.',
    )
  }
  console.error('Installing PostgreSQL for the tests …')
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', 'postgresql'])
  const [version = ''] = readdirSync(CLUSTERS)
  // Tests connect over loopback without a password; the cluster is new and holds nothing else.
  const access = `${CLUSTERS}/${version}/main/pg_hba.conf`
  run('sed', ['-i', 's/scram-sha-256$/trust/', access])
}

function startCluster(): void {
  const [version = ''] = readdirSync(CLUSTERS)
  console.error(`Starting PostgreSQL ${version} for the tests …`)
  run('pg_ctlcluster', ['--skip-systemctl-redirect', version, 'main', 'restart'])
}

async function createDatabase(): Promise<void> {
  const { Client } = (await import('pg')).default
  const client = new Client('postgresql://postgres@127.0.0.1:5432/postgres')
  await client.connect()
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'test'")
    if (found.rowCount === 0) await client.query('CREATE DATABASE test')
  } finally {
    await client.end()
  }
}

export default async function startServices(): Promise<void> {
  if (process.env.ESTEIRA_TEST_POSTGRES_URL !== undefined) return
  if (!(await answers('127.0.0.1', 5432))) {
    if (!existsSync(CLUSTERS) || readdirSync(CLUSTERS).length === 0) installPostgres()
    startCluster()
    const until = Date.now() + STARTED_WITHIN_MS
    while (!(await answers('127.0.0.1', 5432)) && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  await createDatabase()
}
