#!/usr/bin/env node
/**
 * The door of every npm script: installs what is missing, then goes on with the pinned Node.
 * Plain JavaScript for Node 20.19 or newer, since it runs before anything is installed.
 *
 *   node scripts/with-setup.mjs demo|test|check|build|bench|esteira [arguments]
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = [20, 19]
const OLDEST_NODE_FOR_TYPESCRIPT = [22, 18]
const PROGRESS_EVERY_MS = 10_000

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const inRoot = (...parts) => path.join(root, ...parts)
const say = (line) => process.stderr.write(`${line}\n`)

function isAtLeast(version, [major, minor]) {
  const [ownMajor = 0, ownMinor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** Runs a program in the foreground; resolves to its exit code, as a shell would count it. */
function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // Node keeps compiled code here: most commands are mostly start-up.
    const env = { NODE_COMPILE_CACHE: inRoot('node_modules', '.cache', 'compiled'), ...process.env }
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env, ...options })
    // A terminal sends Ctrl-C to the whole group; passing it on would count as a second press.
    const onInterrupt = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT')
    }
    const onTerminate = () => child.kill('SIGTERM')
    process.on('SIGINT', onInterrupt)
    process.on('SIGTERM', onTerminate)
    const stopListening = () => {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    }
    child.once('error', (error) => {
      stopListening()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stopListening()
      const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 }
      resolve(code ?? signalCodes[signal] ?? 1)
    })
  })
}

const lockFile = inRoot('package-lock.json')
const stampFile = inRoot('node_modules', '.esteira-lock-digest')

function lockDigest() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex')
}

/** npm writes `.package-lock.json` last, so its absence also tells of an interrupted install. */
function packagesAreInstalled() {
  const npmStamp = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(npmStamp)) return false
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8').trim() === lockDigest()
  return statSync(npmStamp).mtimeMs >= statSync(lockFile).mtimeMs
}

async function installPackages() {
  say('Installing npm packages from package-lock.json (npm ci) …')
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000)
  const ticker = setInterval(() => say(`  still installing, ${seconds()} s`), PROGRESS_EVERY_MS)
  const npm = process.env.npm_execpath
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const code = await runForeground(
    command,
    [...args, 'ci', '--no-fund', '--no-audit', '--loglevel=error', '--no-json'],
    {
      stdio: ['ignore', 2, 'inherit'],
      shell: process.platform === 'win32' && command === 'npm',
    },
  )
  clearInterval(ticker)
  if (code !== 0) {
    say(`npm ci ended with exit code ${code}. See its output above; then run this command again.`)
    process.exit(code)
  }
  writeFileSync(stampFile, `${lockDigest()}\n`)
  say(`Packages installed in ${seconds()} s.`)
}

/** The pinned Node from node_modules, or the running one when it is new enough. */
function findNode() {
  const pinned = inRoot(
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  const probe = spawnSync(pinned, ['--version'], { encoding: 'utf8' })
  if (probe.status === 0 && isAtLeast(probe.stdout.trim(), OLDEST_NODE_FOR_TYPESCRIPT))
    return pinned
  if (isAtLeast(process.version, OLDEST_NODE_FOR_TYPESCRIPT)) return process.execPath
  say(
    `The pinned Node (node_modules/node) does not run, and this one is ${process.version}.\n` +
      'npm skipped its install script, perhaps by ignore-scripts=true. Way out: run\n' +
      '  npm rebuild node --ignore-scripts=false\n' +
      `or use Node ${OLDEST_NODE_FOR_TYPESCRIPT.join('.')} or newer.`,
  )
  return process.exit(7)
}

/** Counts of a vitest JSON report; a file that could not even be loaded counts as one failure. */
function countTests(reportFile, exitCode) {
  const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : {}
  const unloadable = (report.testResults ?? []).filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const passed = report.numPassedTests ?? 0
  const failed = (report.numFailedTests ?? 0) + unloadable
  if (exitCode !== 0 && failed === 0) {
    say(`vitest ended with exit code ${exitCode} though no test failed; its output above says why.`)
    return { passed, failed: 1 }
  }
  return { passed, failed }
}

async function runTests(node, args) {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-tests-'))
  const reportFile = path.join(folder, 'report.json')
  const vitest = inRoot('node_modules', 'vitest', 'vitest.mjs')
  const code = await runForeground(node, [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...args,
  ])
  const { passed, failed } = countTests(reportFile, code)
  rmSync(folder, { recursive: true, force: true })
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed > 0 && code === 0 ? 1 : code
}

async function build(node) {
  const output = inRoot('dist')
  rmSync(output, { recursive: true, force: true })
  const compiler = inRoot('node_modules', 'typescript', 'bin', 'tsc')
  const code = await runForeground(node, [compiler, '-p', 'tsconfig.build.json'])
  if (code !== 0) return code
  const assets = /\.(css|html|json|proto|svg|sql|js|mjs)$/
  cpSync(inRoot('src'), output, {
    recursive: true,
    filter: (source) =>
      statSync(source).isDirectory() ? path.basename(source) !== 'fixtures' : assets.test(source),
  })
  const program = path.join(output, 'surfaces', 'cli', 'main.js')
  if (!readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n')) {
    say(`${program} lacks its first line "#!/usr/bin/env node".`)
    return 1
  }
  chmodSync(program, 0o755)
  return runForeground(node, [inRoot('node_modules', 'publint', 'src', 'cli.js'), '--strict'])
}

const script =
  (...parts) =>
  (node, args) =>
    runForeground(node, [inRoot(...parts), ...args])

/** These take a quarter of an hour and more. */
const BENCHMARKS_BY_NAME = ['soak', 'growth']

/** The named benchmarks of `bench/`, or those that are short, one after the other; options go to each. */
async function runBenchmarks(node, args) {
  const firstOption = args.findIndex((argument) => argument.startsWith('-'))
  const names = firstOption < 0 ? args : args.slice(0, firstOption)
  const options = args.slice(names.length)
  // A benchmark says in its first comment how it is run; the other files are parts of one.
  const known = readdirSync(inRoot('bench'))
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(inRoot('bench', file), 'utf8').includes(`node bench/${file}`))
    .map((file) => path.basename(file, '.ts'))
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    say(`No benchmark "${unknown.join('", "')}"; there are ${known.join(', ')}.`)
    return 2
  }
  const short = known.filter((name) => !BENCHMARKS_BY_NAME.includes(name))
  for (const name of names.length > 0 ? names : short) {
    say(`\n# ${name}`)
    const code = await runForeground(node, [inRoot('bench', `${name}.ts`), ...options])
    if (code !== 0) return code
  }
  return 0
}

const TASKS = {
  demo: (node, args) => script('src', 'surfaces', 'cli', 'main.ts')(node, ['demo', ...args]),
  esteira: script('src', 'surfaces', 'cli', 'main.ts'),
  test: runTests,
  check: script('scripts', 'check.ts'),
  build,
  bench: runBenchmarks,
}

async function main([name, ...args]) {
  const task = TASKS[name]
  if (task === undefined) {
    say(`Usage: node scripts/with-setup.mjs ${Object.keys(TASKS).join('|')} [arguments]`)
    return 2
  }
  if (!isAtLeast(process.version, OLDEST_NODE)) {
    say(`Node ${OLDEST_NODE.join('.')} or newer is needed to start; this is ${process.version}.`)
    return 7
  }
  if (!packagesAreInstalled()) await installPackages()
  return task(findNode(), args)
}

process.exitCode = await main(process.argv.slice(2))
