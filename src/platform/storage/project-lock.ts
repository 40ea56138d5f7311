import { join } from 'node:path'
import { isoTime } from '../../core/time/index.ts'
import { SqliteDatabase } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import { currentProcess, mayBeAlive, type ProcessIdentity } from './process-identity.ts'

const INITIAL = `
CREATE TABLE holder (
  slot INTEGER PRIMARY KEY CHECK (slot = 1),
  ticket TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started TEXT NOT NULL,
  purpose TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;
`

export interface ProjectLock {
  release(): void
}

/**
 * Takes the one lock of a project folder. The holder's row is read, judged and replaced inside one
 * write transaction, so of several processes that find a dead holder exactly one takes over. A
 * holder that was killed frees the lock at once: its process number and start time no longer run.
 *
 * @throws PROJECT_BUSY with the holder's process and purpose
 */
export function acquireProjectLock(options: {
  /** Folder that holds the project's stores. */
  readonly folder: string
  /** What the holder does, for the others' error message: `run`, `replay`. */
  readonly purpose: string
}): ProjectLock {
  const { folder, purpose } = options
  const path = join(folder, 'lock.db')
  const ticket = crypto.randomUUID()
  const self = currentProcess()
  const database = new SqliteDatabase({ path, migrations: [INITIAL], synchronous: 'NORMAL' })
  try {
    database.transaction(() => {
      const holder = database.get('SELECT * FROM holder WHERE slot = 1')
      if (holder !== undefined) {
        const identity: ProcessIdentity = {
          host: String(holder.host),
          pid: Number(holder.pid),
          started: String(holder.started),
        }
        if (mayBeAlive(identity))
          throw storageErrors.PROJECT_BUSY({
            folder,
            pid: identity.pid,
            host: identity.host,
            purpose: String(holder.purpose),
            since: String(holder.since),
          })
      }
      database.run(
        'INSERT OR REPLACE INTO holder (slot, ticket, host, pid, started, purpose, since) VALUES (1, ?, ?, ?, ?, ?, ?)',
        [ticket, self.host, self.pid, self.started, purpose, isoTime(Date.now())],
      )
    })
  } catch (error) {
    database.close()
    throw error
  }
  let held = true
  return {
    release: () => {
      if (!held) return
      held = false
      database.run('DELETE FROM holder WHERE ticket = ?', [ticket])
      database.close()
    },
  }
}
