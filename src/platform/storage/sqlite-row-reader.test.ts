import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteRowReader } from './sqlite-row-reader.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-row-reader-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let databases = 0
let writer: DatabaseSync
let reader: SqliteRowReader
beforeEach(() => {
  const path = join(root, `${databases++}.db`)
  writer = new DatabaseSync(path)
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT, b TEXT, x INTEGER)')
  writer.exec("INSERT INTO t VALUES ('a', '1', 0), ('a', '2', 0)")
  reader = new SqliteRowReader(path, 'SELECT x FROM t WHERE a = ? AND b = ?')
})
afterEach(() => {
  reader.close()
  writer.close()
})

const hasChanged = () => reader.atOneMoment((moment) => moment.hasChanged)

describe('a reader of rows', () => {
  it('tells whether anything was committed since it looked last', () => {
    expect([hasChanged(), hasChanged()]).toEqual([true, false])
    writer.exec('UPDATE t SET x = 1')
    expect([hasChanged(), hasChanged()]).toEqual([true, false])
    writer.exec('BEGIN IMMEDIATE; UPDATE t SET x = 2')
    expect(hasChanged()).toBe(false)
    writer.exec('COMMIT')
    expect(hasChanged()).toBe(true)
  })

  it('stays at its moment whatever is committed meanwhile, and tells of it the next time', () => {
    hasChanged()
    const [changed, first, second] = reader.atOneMoment((moment) => {
      writer.exec('UPDATE t SET x = 1')
      const rows = [moment.row('a', '1')?.x]
      writer.exec('UPDATE t SET x = 2')
      return [moment.hasChanged, ...rows, moment.row('a', '2')?.x]
    })
    expect([changed, first, second]).toEqual([false, 0, 0])
    expect(reader.atOneMoment(({ row, hasChanged }) => [hasChanged, row('a', '1')?.x])).toEqual([
      true,
      2,
    ])
  })

  it('takes the file for changed after a failure, since it is opened anew', () => {
    hasChanged()
    for (let i = 0; i < 3; i++) {
      const failing = () =>
        reader.atOneMoment(() => {
          throw new Error('no text of JSON')
        })
      expect(failing).toThrow(expect.objectContaining({ code: 'DATABASE_FAILED' }))
      expect([hasChanged(), hasChanged()]).toEqual([true, false])
    }
  })
})
