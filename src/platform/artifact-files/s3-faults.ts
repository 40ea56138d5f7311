import { S3ServiceException } from '@aws-sdk/client-s3'
import { artifactFileErrors } from './errors.ts'
import { fileFault } from './file-faults.ts'

/** Whether S3 says that there is no such object. */
export function isAbsent(error: unknown): boolean {
  return (
    error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound')
  )
}

/** What went wrong with S3, as a coded error. */
export function s3Fault(error: unknown, at: { place: string; path: string }): unknown {
  if (!(error instanceof S3ServiceException)) return fileFault(error, at)
  const uploadId = 'unknown'
  if (error.name === 'NoSuchUpload')
    return artifactFileErrors.MULTIPART_UPLOAD_UNKNOWN({ path: at.path, uploadId }, error)
  if (['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall'].includes(error.name))
    return artifactFileErrors.MULTIPART_UPLOAD_INVALID(
      { path: at.path, reason: error.message },
      error,
    )
  const reason = `${error.name}: ${error.message}`
  return artifactFileErrors.ARTIFACT_DESTINATION_FAILED({ ...at, reason }, error)
}
