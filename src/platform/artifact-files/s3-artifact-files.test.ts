import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { artifactFilesContract, codeOf } from '../../testkit/index.ts'
import { type MotoServer, startMotoServer } from './fixtures/moto-server.ts'
import { openArtifactFiles } from './index.ts'

let moto: MotoServer
let client: S3Client
const bucket = 'artifacts'

beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'test'
  process.env.AWS_SECRET_ACCESS_KEY = 'test'
  moto = await startMotoServer()
  client = new S3Client({ endpoint: moto.endpoint, region: 'us-east-1', forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
}, 900_000)

afterAll(async () => {
  client?.destroy()
  await moto?.stop()
}, 30_000)

function openPrefix(prefix: string) {
  return openArtifactFiles(`s3://${bucket}/${prefix}`, { s3Endpoint: moto.endpoint })
}

artifactFilesContract({ describe, it, expect }, async () => ({
  files: await openPrefix(`team/${randomUUID()}/`),
  dispose: async () => {},
}))

describe('artifact files in S3', () => {
  it('keep to their prefix', async () => {
    const [one, two] = [await openPrefix('one'), await openPrefix('one-more')]
    await one.put('a', Readable.from([Buffer.from('1')]))
    await two.put('a', Readable.from([Buffer.from('2')]))
    expect(await one.delete('a')).toBe(1)
    expect(await text((await two.get('a')).stream)).toBe('2')
    expect(two.place).toBe('s3://artifacts/one-more')
  })

  it('do not show the markers by which other tools keep empty folders', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'marked/folder/', Body: '' }))
    const files = await openPrefix('marked')
    await files.put('folder/a', Readable.from([Buffer.from('1')]))
    const { entries } = await files.list('folder')
    expect(entries.map(({ path }) => path)).toEqual(['folder/a'])
  })

  it('delete folders of more files than one request takes', async () => {
    const files = await openPrefix('many')
    for (let at = 0; at < 1_010; at += 101)
      await Promise.all(
        Array.from({ length: 101 }, (_, i) => files.put(`d/${at + i}`, Readable.from([]))),
      )
    expect(await files.delete('d')).toBe(1_010)
    expect((await files.list('')).entries).toEqual([])
  })

  it('say when the bucket or the server is not there', async () => {
    const gone = await openArtifactFiles('s3://no-such-bucket', { s3Endpoint: moto.endpoint })
    const put = () => gone.put('a', Readable.from([Buffer.from('x')]))
    expect(await codeOf(put)).toBe('ARTIFACT_DESTINATION_FAILED')
    const dead = await openArtifactFiles('s3://bucket', { s3Endpoint: 'http://127.0.0.1:9' })
    expect(await codeOf(() => dead.stat('a'))).toBe('ARTIFACT_DESTINATION_FAILED')
  })
})
