import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { CheckResult } from './check-result.ts'
import { ROOT } from './repository.ts'

/** Runs a tool from node_modules; its output is the fault when it does not end well. */
export function runTool(script: string, args: readonly string[], summary: string): CheckResult {
  const program = path.join(ROOT, 'node_modules', script)
  const result = spawnSync(process.execPath, [program, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  if (result.status === 0) return { summary, faults: [] }
  const output = `${result.stdout}${result.stderr}`.trim()
  return { summary, faults: [output === '' ? `${script} ended with ${result.status}` : output] }
}
