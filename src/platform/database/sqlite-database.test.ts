import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SqliteDatabase } from './sqlite-database.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-sqlite-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let files = 0
const newPath = () => join(root, `${files++}.db`)
const ONE = 'CREATE TABLE a (x INTEGER NOT NULL) STRICT'
const TWO = 'CREATE TABLE b (y TEXT) STRICT; INSERT INTO b SELECT x FROM a'

function open(path: string, migrations: readonly string[] = [ONE]): SqliteDatabase {
  return new SqliteDatabase({ path, migrations, synchronous: 'FULL' })
}

describe('SQLite database', () => {
  it('works in WAL mode with the durability that was asked for', () => {
    const full = open(newPath())
    expect(full.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(full.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
    full.close()
    const normal = new SqliteDatabase({ path: newPath(), migrations: [], synchronous: 'NORMAL' })
    expect(normal.get('PRAGMA synchronous')).toEqual({ synchronous: 1 })
    normal.close()
  })

  it('brings an old file to the newest schema and keeps its rows', () => {
    const path = newPath()
    const old = open(path)
    old.run('INSERT INTO a VALUES (7)')
    old.close()
    const database = open(path, [ONE, TWO])
    expect(database.all('SELECT y FROM b')).toEqual([{ y: '7' }])
    database.close()
    open(path, [ONE, TWO]).close()
  })

  it('leaves the old schema whole when a migration fails', () => {
    const path = newPath()
    open(path).close()
    expect(() => open(path, [ONE, 'CREATE TABLE c (z INTEGER); SELECT nonsense'])).toThrow(
      expect.objectContaining({ code: 'DATABASE_FAILED' }),
    )
    const again = open(path)
    expect(again.all("SELECT name FROM sqlite_schema WHERE type = 'table'")).toEqual([
      { name: 'a' },
    ])
    again.close()
  })

  it('is migrated once by many first openers', () => {
    const path = newPath()
    const program = `
      import { SqliteDatabase } from ${JSON.stringify(new URL('./sqlite-database.ts', import.meta.url).href)}
      const database = new SqliteDatabase({ path: ${JSON.stringify(path)}, migrations: ${JSON.stringify([ONE])}, synchronous: 'FULL' })
      database.run('INSERT INTO a VALUES (1)')`
    const script = join(root, 'opener.mjs')
    const shell = `cat > "$1"; for i in 1 2 3 4; do "$0" "$1" & jobs="$jobs $!"; done; for j in $jobs; do wait $j || exit 1; done`
    const ended = spawnSync('bash', ['-c', shell, process.execPath, script], { input: program })
    expect([ended.status, ended.stderr.toString()]).toEqual([0, ''])
    const database = open(path)
    expect(database.get('SELECT count(*) AS n FROM a')).toEqual({ n: 4 })
    database.close()
  })

  it('says so when the disk is full, and has kept all that was acknowledged', () => {
    // A limit on the size of files stands in for a full disk.
    const path = newPath()
    const program = `
      import { SqliteDatabase } from ${JSON.stringify(new URL('./sqlite-database.ts', import.meta.url).href)}
      const database = new SqliteDatabase({ path: ${JSON.stringify(path)}, migrations: ['CREATE TABLE t (x TEXT) STRICT'], synchronous: 'FULL' })
      let kept = 0
      try { for (;;) { database.transaction(() => database.run('INSERT INTO t VALUES (?)', ['x'.repeat(5000)])); kept++ } }
      catch (error) { console.log(error.code, kept) }`
    const shell = `ulimit -f 300; exec "$0" --input-type=module -e "$1"`
    const output = execFileSync('bash', ['-c', shell, process.execPath, program], {
      encoding: 'utf8',
    })
    const [code, kept] = output.trim().split(' ')
    expect(code).toBe('STORAGE_FULL')
    expect(Number(kept)).toBeGreaterThan(10)
    const database = new SqliteDatabase({
      path,
      migrations: ['CREATE TABLE t (x TEXT) STRICT'],
      synchronous: 'FULL',
    })
    expect(database.get('SELECT count(*) AS n FROM t')).toEqual({ n: Number(kept) })
    expect(database.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
    database.close()
  })

  it('names a place that cannot hold a database', () => {
    const file = newPath()
    open(file).close()
    expect(() => open(join(file, 'inside-a-file.db'))).toThrow(
      expect.objectContaining({ code: 'DATABASE_FAILED' }),
    )
  })
})
