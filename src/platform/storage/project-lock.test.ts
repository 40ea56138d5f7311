import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { acquireProjectLock } from './project-lock.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-lock-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** Starts a process that tries for the lock at the moment of `line` on its input, and says how it went. */
function competitor(folder: string): { child: ChildProcess; answer: Promise<string> } {
  const index = new URL('./project-lock.ts', import.meta.url).href
  const program = `
    import { acquireProjectLock } from ${JSON.stringify(index)}
    process.stdin.once('data', () => {
      try { acquireProjectLock({ folder: ${JSON.stringify(folder)}, purpose: 'run' }); console.log('held') }
      catch (error) { console.log(error.code + ' ' + error.details.pid) }
    })
    setInterval(() => {}, 1000)
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  children.push(child)
  const answer = new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the competitor ended without an answer')))
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      if (line === 'ready') child.stdin.write('go\n')
      else resolve(line)
    })
  })
  return { child, answer }
}

describe('project lock', () => {
  it('is held once, names its holder, and is free after its release', () => {
    const folder = mkdtempSync(join(root, 'p-'))
    const lock = acquireProjectLock({ folder, purpose: 'replay' })
    expect(() => acquireProjectLock({ folder, purpose: 'run' })).toThrow(
      expect.objectContaining({
        code: 'PROJECT_BUSY',
        exit: 'conflict',
        message: expect.stringMatching(new RegExp(`process ${process.pid} .*"replay"`)),
      }),
    )
    lock.release()
    lock.release()
    acquireProjectLock({ folder, purpose: 'run' }).release()
  })

  it('goes to exactly one of many, and is free at once when that one is killed', async () => {
    const folder = mkdtempSync(join(root, 'p-'))
    for (let round = 0; round < 2; round++) {
      const runners = [competitor(folder), competitor(folder), competitor(folder)]
      const answers = await Promise.all(runners.map((runner) => runner.answer))
      const winner = runners[answers.indexOf('held')]
      const pid = winner?.child.pid
      expect(answers.toSorted()).toEqual([`PROJECT_BUSY ${pid}`, `PROJECT_BUSY ${pid}`, 'held'])
      const gone = new Promise((resolve) => winner?.child.once('exit', resolve))
      winner?.child.kill('SIGKILL')
      await gone
      acquireProjectLock({ folder, purpose: 'after' }).release()
    }
  })
})
