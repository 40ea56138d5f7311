import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'

/** Writes of so long a time are moved together. */
const PAUSE_MS = 200

/** The thread's program: waits for writes, then moves them; `PASSIVE` waits for nobody and holds nobody up. */
const { path, signal } = workerData as { readonly path: string; readonly signal: Int32Array }
const database = new DatabaseSync(path)
database.exec('PRAGMA busy_timeout = 0')
const never = new Int32Array(new SharedArrayBuffer(4))
for (;;) {
  const seen = Atomics.load(signal, 0)
  database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  Atomics.wait(never, 0, 0, PAUSE_MS)
  Atomics.wait(signal, 0, seen)
}
