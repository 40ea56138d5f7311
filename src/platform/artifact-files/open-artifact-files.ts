import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ArtifactFiles } from './artifact-files.ts'
import { artifactFileErrors } from './errors.ts'
import { openLocalArtifactFiles } from './local-artifact-files.ts'

export interface ArtifactFilesOptions {
  /** A server that speaks S3; default `AWS_ENDPOINT_URL`, `MLFLOW_S3_ENDPOINT_URL` or AWS itself. */
  readonly s3Endpoint?: string | undefined
  /** Default `AWS_REGION`, `AWS_DEFAULT_REGION` or `us-east-1`. */
  readonly s3Region?: string | undefined
  /** The bucket in the path, not in the host name; default yes with an endpoint of one's own. */
  readonly s3PathStyle?: boolean | undefined
  /** Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Opens where an operator keeps artifact files: a folder, `file:///folder`, or
 * `s3://bucket/prefix` with credentials as AWS's own tools find them. Never hand it what a client
 * sent.
 *
 * @throws ARTIFACT_DESTINATION_INVALID, ARTIFACT_DESTINATION_FAILED
 */
export async function openArtifactFiles(
  destination: string,
  options: ArtifactFilesOptions = {},
): Promise<ArtifactFiles> {
  if (destination.startsWith('s3://')) return openS3(destination, options)
  if (destination.startsWith('file:')) return openLocalArtifactFiles(folderOfUrl(destination))
  if (/^[a-z][a-z0-9+.-]+:/i.test(destination) || destination === '')
    throw artifactFileErrors.ARTIFACT_DESTINATION_INVALID({
      got: destination,
      reason: 'this kind of place is not known',
    })
  return openLocalArtifactFiles(resolve(destination))
}

function folderOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw artifactFileErrors.ARTIFACT_DESTINATION_INVALID({ got: url, reason }, error)
  }
}

/** The AWS SDK takes a while to load: only who asks for S3 waits for it. */
async function openS3(uri: string, options: ArtifactFilesOptions): Promise<ArtifactFiles> {
  const { parseS3Location } = await import('./s3-location.ts')
  const location = parseS3Location(uri)
  const environment = options.environment ?? process.env
  const endpoint =
    options.s3Endpoint ??
    environment.AWS_ENDPOINT_URL_S3 ??
    environment.AWS_ENDPOINT_URL ??
    environment.MLFLOW_S3_ENDPOINT_URL
  const { S3Client } = await import('@aws-sdk/client-s3')
  const { S3ArtifactFiles } = await import('./s3-artifact-files.ts')
  const client = new S3Client({
    region:
      options.s3Region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: options.s3PathStyle ?? endpoint !== undefined,
    // Newer checksums are not understood by every server that speaks S3.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return new S3ArtifactFiles(client, location)
}
