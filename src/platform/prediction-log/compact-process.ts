import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { compactLog } from './compact-log.ts'

/**
 * One compaction in a process of its own, so that the memory it needs goes away with it and nobody
 * who answers waits for it: `node compact-process.ts <folder of the log>`.
 */
giveWay()
try {
  await compactLog(process.argv[2] ?? '')
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  if (process.connected) process.send?.({ reason })
  process.exitCode = 1
}

/**
 * Lets everybody else go first. Linux lets even a process of the lowest priority finish its
 * milliseconds before one that answers; an idle one is stopped at once. Threads that are made later
 * are like this one.
 */
function giveWay(): void {
  setPriority(constants.priority.PRIORITY_LOW)
  if (process.platform !== 'linux') return
  // Of util-linux, which nearly every system has; without it the priority has to do.
  spawnSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)], {
    stdio: 'ignore',
  })
  try {
    // The weight of this session among the others (`sched(7)`, "The autogroup feature").
    writeFileSync('/proc/self/autogroup', String(constants.priority.PRIORITY_LOW))
  } catch {
    // A kernel without sessions of that kind.
  }
}
