import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Where nobody asks how it ended, its name stays for a while.
    const stat = `/proc/${pid}/stat`
    return !(existsSync(stat) && /\) Z/.test(readFileSync(stat, 'utf8')))
  } catch {
    return false
  }
}

test('a process that is busy for ever ends after its parent was killed', async () => {
  const parent = fork(join(import.meta.dirname, 'fixtures/parent-process.ts'))
  const [pid] = (await once(parent, 'message')) as [number]
  try {
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    while (isAlive(pid)) await wait(50)
  } finally {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  }
}, 20_000)
