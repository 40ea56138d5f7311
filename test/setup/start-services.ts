/**
 * Before any test: the PostgreSQL server that source tests read from, and the Redis that keeps online
 * features. A server that runs is used as it is; one that is installed but stopped is started; a
 * missing one is installed where the machine allows it (Debian, as root).
 * `ESTEIRA_TEST_POSTGRES_URL` and `ESTEIRA_TEST_REDIS_URL` name other servers.
 */
import { execFileSync, spawn } from 'node:child_process'
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

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
}

function installPostgres(): void {
  if (!mayInstall()) {
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

async function untilAnswers(port: number): Promise<void> {
  const until = Date.now() + STARTED_WITHIN_MS
  while (!(await answers('127.0.0.1', port)) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function startPostgres(): Promise<void> {
  if (process.env.ESTEIRA_TEST_POSTGRES_URL !== undefined) return
  if (!(await answers('127.0.0.1', 5432))) {
    if (!existsSync(CLUSTERS) || readdirSync(CLUSTERS).length === 0) installPostgres()
    startCluster()
    await untilAnswers(5432)
  }
  await createDatabase()
}

function installRedis(): void {
  if (!mayInstall()) {
    throw new Error(
      'The tests need a Redis server of version 6 or newer at 127.0.0.1:6379 (no password, database 9 free), ' +
        'or one named by ESTEIRA_TEST_REDIS_URL, and the program redis-server. Install it, then run the tests again.',
    )
  }
  console.error('Installing Redis for the tests …')
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', 'redis-server'])
}

/** The program is needed in any case: some tests stop and kill a server of their own. */
async function startRedis(): Promise<void> {
  if (!['/usr/bin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/redis-server`))) {
    installRedis()
  }
  if (process.env.ESTEIRA_TEST_REDIS_URL !== undefined) return
  if (await answers('127.0.0.1', 6379)) return
  console.error('Starting Redis for the tests …')
  // It outlives this run, as the other servers do, and keeps nothing on the disk.
  const settings = ['--bind', '127.0.0.1', '--port', '6379', '--save', '', '--appendonly', 'no']
  spawn('redis-server', settings, { detached: true, stdio: 'ignore' }).unref()
  await untilAnswers(6379)
}

export default async function startServices(): Promise<void> {
  await startPostgres()
  await startRedis()
}
