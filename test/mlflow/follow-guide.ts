import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { codeBlocks } from '../../scripts/checks/markdown.ts'
import { clientPython } from './run-client.ts'

const MAIN = fileURLToPath(new URL('../../src/surfaces/cli/main.ts', import.meta.url))

export interface CommandEnd {
  readonly command: string
  readonly code: number | null
  readonly stdout: string
}

/**
 * Runs every command of a guide's `sh` blocks in a folder, in their order, as somebody would who
 * types them; only these texts are replaced. A server is left running until the end.
 */
export async function followGuide(
  guide: string,
  folder: string,
  replaced: Readonly<Record<string, string>>,
): Promise<readonly CommandEnd[]> {
  mkdirSync(folder)
  const environment = await surroundings(folder)
  const servers: ReturnType<typeof spawn>[] = []
  const ends: CommandEnd[] = []
  try {
    for (const command of commandsOf(guide)) {
      let text = command
      for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(from, to)
      const variable = /^export (\w+)=(\S+)$/.exec(text)
      if (variable?.[1] !== undefined) environment[variable[1]] = variable[2]
      else if (text.startsWith('esteira serve')) {
        servers.push(spawn('sh', ['-c', `exec ${text}`], { cwd: folder, env: environment }))
        await answering(Number(/--port (\d+)/.exec(text)?.[1]))
      } else ends.push({ command, ...(await run(text, folder, environment)) })
    }
  } finally {
    for (const server of servers) {
      const ended = new Promise((resolve) => server.on('close', resolve))
      if (server.kill()) await ended
    }
  }
  return ends
}

function commandsOf(guide: string): readonly string[] {
  return codeBlocks(guide)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** `esteira` and `mlflow` on the path, as if they were installed. */
async function surroundings(folder: string): Promise<Record<string, string | undefined>> {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const programs = {
    esteira: `"${process.execPath}" "${MAIN}"`,
    mlflow: `"${await clientPython('3')}" -m mlflow`,
  }
  for (const [name, program] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${program} "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const PATH = [bin, process.env.PATH ?? ''].join(delimiter)
  return { ...process.env, PATH, MLFLOW_DISABLE_TELEMETRY: 'true' }
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    if (answer?.ok) return
    await setTimeout(100)
  }
  throw new Error(`nothing answers at port ${port}`)
}

function run(text: string, cwd: string, env: Record<string, string | undefined>) {
  const child = spawn('sh', ['-c', text], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  return new Promise<{ code: number | null; stdout: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout }))
  })
}
