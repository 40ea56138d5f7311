import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import {
  type MotoServer,
  startMotoServer,
} from '../../src/platform/artifact-files/fixtures/moto-server.ts'
import { openArtifactFiles } from '../../src/platform/artifact-files/index.ts'
import { createTestDatabase } from '../../src/testkit/index.ts'
import { contentOf, openTarget } from './import-target.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-import-s3-'))
let moto: MotoServer

beforeAll(async () => {
  moto = await startMotoServer()
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  vi.stubEnv('AWS_ENDPOINT_URL', moto.endpoint)
  const client = new S3Client({
    endpoint: moto.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
  })
  await client.send(new CreateBucketCommand({ Bucket: 'mlflow' }))
  client.destroy()
}, 900_000)
afterAll(async () => {
  vi.unstubAllEnvs()
  await moto?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

it('brings over files of a database whose server keeps them in S3', {
  timeout: 60_000,
}, async () => {
  const file = join(folder, 'mlflow.db')
  const mlflow = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  mlflow.exec(readFileSync(new URL('fixtures/mlflow-2.22.5.sql', import.meta.url), 'utf8'))
  const [first, second] = mlflow.prepare('SELECT run_uuid AS id FROM runs ORDER BY name DESC').all()
  // One run below the server's own root, one with a place of its own.
  mlflow
    .prepare('UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?')
    .run('s3://mlflow/own/place', String(second?.id))
  mlflow.close()
  const bucket = await openArtifactFiles('s3://mlflow')
  await bucket.put(`root/art2/${first?.id}/artifacts/deep/a b.txt`, Readable.from(['proxied']))
  await bucket.put('own/place/b.txt', Readable.from(['direct']))
  await bucket.put('own/place-beside/c.txt', Readable.from(['not of the run']))
  const database = await createTestDatabase('sqlite')
  const target = await openTarget(database.url)
  try {
    const from = `sqlite:///${file}`
    const report = await target.import(from, { artifacts: 's3://mlflow/root' })
    expect(report).toMatchObject({ isComplete: true, counts: { copiedFiles: 2 } })
    const { files } = await contentOf(target)
    expect(Object.keys(files).toSorted()).toEqual(
      [`/${first?.id}/artifacts/deep/a b.txt`, `/${second?.id}/artifacts/b.txt`].toSorted(),
    )
  } finally {
    await target.close()
    await database.dispose()
  }
})
