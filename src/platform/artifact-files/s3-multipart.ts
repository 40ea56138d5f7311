import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { isPlatformError } from '../../core/errors/index.ts'
import type { UploadedPart } from './artifact-files.ts'
import { parseArtifactPath } from './artifact-path.ts'
import { artifactFileErrors } from './errors.ts'
import { refusePartCount } from './local-multipart.ts'
import { s3Fault } from './s3-faults.ts'
import type { S3Location } from './s3-location.ts'

const UPLOAD_ID = /^[\w.~+=-]{1,1024}$/
const LIFETIME_SECONDS = 3600

/** Uploads in parts that clients send to S3 themselves, by URLs signed here. */
export class S3Multipart {
  readonly way = 'signed-url'
  readonly #client: S3Client
  readonly #at: S3Location

  constructor(client: S3Client, at: S3Location) {
    this.#client = client
    this.#at = at
  }

  begin(path: string, parts: number): Promise<string> {
    return this.#guarded(path, async () => {
      refusePartCount(path, parts)
      const answer = await this.#client.send(new CreateMultipartUploadCommand(this.#object(path)))
      return answer.UploadId ?? ''
    })
  }

  partUrl(path: string, uploadId: string, part: number): Promise<string> {
    return this.#guarded(path, () =>
      getSignedUrl(
        this.#client,
        new UploadPartCommand({ ...this.#object(path), UploadId: uploadId, PartNumber: part }),
        { expiresIn: LIFETIME_SECONDS },
      ),
    )
  }

  complete(path: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#guarded(path, async () => {
      refuseUploadId(path, uploadId)
      // Some servers fail without a reason when the upload is gone; listing its parts says so.
      await this.#client.send(
        new ListPartsCommand({ ...this.#object(path), UploadId: uploadId, MaxParts: 1 }),
      )
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }))
      await this.#client.send(
        new CompleteMultipartUploadCommand({
          ...this.#object(path),
          UploadId: uploadId,
          MultipartUpload: { Parts },
        }),
      )
    })
  }

  abort(path: string, uploadId: string): Promise<void> {
    return this.#guarded(path, async () => {
      refuseUploadId(path, uploadId)
      const upload = { ...this.#object(path), UploadId: uploadId }
      try {
        await this.#client.send(new ListPartsCommand({ ...upload, MaxParts: 1 }))
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchUpload') return
        throw error
      }
      await this.#client.send(new AbortMultipartUploadCommand(upload))
    })
  }

  #object(path: string) {
    return { Bucket: this.#at.bucket, Key: this.#at.keyOf(parseArtifactPath(path)) }
  }

  async #guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw isPlatformError(error) ? error : s3Fault(error, { place: this.#at.place, path })
    }
  }
}

/** No upload of S3 is called otherwise. */
function refuseUploadId(path: string, uploadId: string): void {
  if (UPLOAD_ID.test(uploadId) && !uploadId.startsWith('.')) return
  throw artifactFileErrors.MULTIPART_UPLOAD_UNKNOWN({ path, uploadId: uploadId.slice(0, 100) })
}
