import { Worker } from 'node:worker_threads'

const LOOK_EVERY_MS = 200

/**
 * The watch of a thread of its own: a model's code may never give its thread back, and then nothing
 * there would see that the process which set the time limit is gone.
 */
const WATCH = `
const { workerData } = require('node:worker_threads')
setInterval(() => {
  if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL')
}, workerData.lookEveryMs)
`

/** Ends this process soon after the one that started it has ended, whatever it is busy with. */
export function endWithParent(): void {
  const workerData = { parent: process.ppid, lookEveryMs: LOOK_EVERY_MS }
  new Worker(WATCH, { eval: true, workerData }).unref()
}
