import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPython } from '../../src/platform/workers/index.ts'

export type PeerName = 'mlflow' | 'mlserver' | 'bentoml'

const run = promisify(execFile)

/**
 * The `bin` folder of a peer's own environment, `$XDG_CACHE_HOME/esteira/bench/<name>`: made when
 * missing, from `requirements/<name>.txt`, which names every package with its version.
 */
export async function peerEnvironment(name: PeerName): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache')
  const folder = path.join(cache, 'esteira', 'bench', name)
  const requirements = fileURLToPath(new URL(`./requirements/${name}.txt`, import.meta.url))
  const wanted = readFileSync(requirements, 'utf8')
  const stamp = path.join(folder, 'esteira-requirements.txt')
  const bin = path.join(folder, 'bin')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bin
  process.stderr.write(`installing ${name} into ${folder} …\n`)
  rmSync(folder, { recursive: true, force: true })
  const { executable } = await findPython()
  await run(executable, ['-m', 'venv', folder])
  const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '-r', requirements]
  await run(path.join(bin, 'python'), install, { maxBuffer: 1 << 24 })
  writeFileSync(stamp, wanted)
  return bin
}

/** Of the packages that are compared, from the requirements. */
export function peerVersion(name: PeerName): string {
  const requirements = fileURLToPath(new URL(`./requirements/${name}.txt`, import.meta.url))
  const line = readFileSync(requirements, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}==`))
  return line?.split('==')[1] ?? 'unknown'
}
