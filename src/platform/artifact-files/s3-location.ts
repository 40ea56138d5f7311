import { artifactFileErrors } from './errors.ts'

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/i

/** A bucket and a prefix in it, and the way between artifact paths and keys. */
export interface S3Location {
  readonly bucket: string
  /** `s3://bucket/prefix`. */
  readonly place: string
  keyOf(path: string): string
  /** What the keys below a folder begin with; `''` is the root. */
  prefixOf(folder: string): string
  pathOf(key: string): string
}

/** @throws ARTIFACT_DESTINATION_INVALID */
export function parseS3Location(uri: string): S3Location {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/.exec(uri) ?? []
  if (!BUCKET.test(bucket))
    throw artifactFileErrors.ARTIFACT_DESTINATION_INVALID({
      got: uri,
      reason: `"${bucket}" is no name of a bucket`,
    })
  const folder = rest.replace(/\/+$/, '')
  const root = folder === '' ? '' : `${folder}/`
  return {
    bucket,
    place: folder === '' ? `s3://${bucket}` : `s3://${bucket}/${folder}`,
    keyOf: (path) => `${root}${path}`,
    prefixOf: (path) => (path === '' ? root : `${root}${path}/`),
    pathOf: (key) => key.slice(root.length),
  }
}
