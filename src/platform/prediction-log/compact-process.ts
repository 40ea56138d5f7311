import { constants, setPriority } from 'node:os'
import { compactLog } from './compact-log.ts'

/**
 * One compaction in a process of its own, so that the memory it needs goes away with it and nobody
 * who answers waits for it: `node compact-process.ts <folder of the log>`.
 */
setPriority(constants.priority.PRIORITY_LOW)
try {
  await compactLog(process.argv[2] ?? '')
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error)
  if (process.connected) process.send?.({ reason })
  process.exitCode = 1
}
