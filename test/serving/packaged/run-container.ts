import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './open-image.ts'

export interface RunOptions {
  /** Unpacked layers. */
  readonly root: string
  readonly config: Config
  readonly environment: Readonly<Record<string, string>>
  readonly arguments?: readonly string[]
  /** Kept as `/data` instead of a file system in memory that ends with the container. */
  readonly data?: string
}

export interface Container {
  /** Whether it has a root of its own that cannot be written to. */
  readonly isIsolated: boolean
  /** The first line that it prints, once it has. */
  readonly answer: Promise<string>
  readonly errors: () => string
  /** Runs a command beside it; gives its exit code. */
  execute(command: readonly string[]): Promise<number>
  /** Sends SIGTERM; gives the exit code. */
  stop(): Promise<number | null>
}

const isRoot = process.getuid?.() === 0

/** What a container engine does: a root of its own, read-only, as the image's user. */
const ISOLATE = `
mount --bind "$ROOT" "$ROOT"
mount -o remount,ro,bind "$ROOT"
if [ -n "$DATA" ]; then mount --bind "$DATA" "$ROOT/data"
else mount -t tmpfs -o mode=0770,uid=65532,gid=0 tmpfs "$ROOT/data"; fi
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
own=$(command -v chroot)
export PATH=/usr/local/bin
exec "$own" --userspec="$OWNER" "$ROOT" "$@"
`

/** Runs an unpacked image with Linux's own means. Without root it says so, and only starts it. */
export function runContainer(options: RunOptions): Container {
  const { config, root } = options
  const declared = Object.fromEntries(
    config.config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  )
  const env = { ...declared, ...options.environment }
  const argv = [...config.config.Entrypoint, ...(options.arguments ?? [])]
  const child = isRoot ? isolated(options, { env, argv }) : merely(options, { env, argv })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const answer = new Promise<string>((resolve, reject) => {
    let out = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (/\n}\n|^{.*}\n/.test(out)) resolve(out)
    })
    ended.then(([code]) => reject(new Error(`ended with ${code}: ${errors}${out}`)))
  })
  answer.catch(() => {})
  const pid = () => (isRoot ? innerProcess(child) : (child.pid ?? 0))
  return {
    isIsolated: isRoot,
    answer,
    errors: () => errors,
    async execute(command) {
      const [program = '', ...rest] = command
      const inside = ['-t', String(pid()), '-m', '-r', '-S', '65532', '-G', '65532', program]
      const run = isRoot
        ? spawn('nsenter', [...inside, ...rest], {
            env: { ...env, PATH: process.env.PATH },
            stdio: 'ignore',
          })
        : spawn(join(root, program), rest, { env, stdio: 'ignore' })
      const [code] = (await once(run, 'exit')) as [number | null]
      return code ?? -1
    },
    async stop() {
      if (child.exitCode === null) process.kill(pid(), 'SIGTERM')
      const [code] = await ended
      return code
    },
  }
}

interface Command {
  readonly env: Readonly<Record<string, string>>
  readonly argv: readonly string[]
}

function isolated({ root, config, data = '' }: RunOptions, { env, argv }: Command): ChildProcess {
  // An engine makes these two before it starts anything.
  for (const name of ['proc', 'dev']) mkdirSync(join(root, name), { recursive: true })
  const own = { ROOT: root, DATA: data, OWNER: config.config.User, PATH: process.env.PATH }
  const shell = ['/bin/sh', '-ec', ISOLATE, 'container', ...argv]
  return spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...shell], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...own },
  })
}

/** The same program with the machine's own root: it proves less, and says so. */
function merely({ root, data }: RunOptions, { env, argv }: Command): ChildProcess {
  console.warn('Not root: the image is started without a root of its own.')
  const folder = data ?? join(root, 'data')
  chmodSync(folder, 0o700)
  const [program = '', ...rest] = argv.map((text) => (text.startsWith('/') ? root + text : text))
  return spawn(program, rest, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ESTEIRA_DATA_DIR: folder, HOME: folder },
  })
}

/** The first process of the container, as this machine numbers it. */
function innerProcess({ pid }: ChildProcess): number {
  const [inner] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return Number(inner)
}

/** Unpacks layers in their order with the system's tar; an image of ours removes nothing. */
export function unpackLayers(layers: readonly string[], root: string): void {
  mkdirSync(root, { recursive: true })
  for (const layer of layers) {
    const names = execFileSync('tar', ['-tzf', layer], { encoding: 'utf8', maxBuffer: 1 << 26 })
    if (/(?:^|\/)\.wh\./m.test(names)) throw new Error(`${layer} removes files of layers below`)
    execFileSync('tar', ['-xzf', layer, '-C', root, '--numeric-owner', '--same-permissions'])
  }
}
