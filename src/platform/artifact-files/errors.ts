import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of artifact files; the table feeds `docs/reference/errors.md`. */
export const artifactFileErrors = defineErrors({
  ARTIFACT_PATH_INVALID: problem<{ path: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The artifact path ${JSON.stringify(d.path)} cannot be used: ${d.reason}`,
    hint: () => 'Give names joined by "/", such as "plots/roc.png", without ".", ".." or "\\".',
  }),
  ARTIFACT_FILE_MISSING: problem<{ path: string; place: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no artifact file "${d.path}" in ${d.place}`,
    hint: () => 'List the folder above it to see which files there are.',
  }),
  ARTIFACT_PATH_TAKEN: problem<{ path: string; reason: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `The artifact "${d.path}" cannot be written: ${d.reason}`,
    hint: () => 'Give the file another name, or delete what stands in its way first.',
  }),
  ARTIFACT_RANGE_INVALID: problem<{ path: string; got: string; bytes: number }>({
    status: 416,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `The range ${d.got} lies outside the artifact "${d.path}", which has ${d.bytes} bytes`,
    hint: () => 'Ask for a range that begins within the file.',
  }),
  ARTIFACT_UPLOAD_CUT: problem<{ path: string; reason: string }>({
    status: 400,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: (d) => `The upload of "${d.path}" ended before its end: ${d.reason}`,
    hint: () => 'Send the file again; nothing of the cut upload was kept.',
  }),
  MULTIPART_UPLOAD_UNKNOWN: problem<{ path: string; uploadId: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no upload "${d.uploadId}" under way for the artifact "${d.path}"`,
    hint: () => 'Begin the upload anew; one that was completed or aborted is gone.',
  }),
  MULTIPART_UPLOAD_INVALID: problem<{ path: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The upload of "${d.path}" in parts cannot go on: ${d.reason}`,
    hint: () => 'Send parts 1 to the number announced, then complete with each part and its ETag.',
  }),
  ARTIFACT_DESTINATION_INVALID: problem<{ got: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `Artifacts cannot be kept in "${d.got}": ${d.reason}`,
    hint: () => 'Give a folder, file:///folder, or s3://bucket/prefix.',
  }),
  ARTIFACT_DESTINATION_FAILED: problem<{ place: string; path: string; reason: string }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The artifact "${d.path}" cannot be reached in ${d.place}: ${d.reason}`,
    hint: () =>
      'Check that the folder or bucket exists, may be read and written, and that its server answers.',
  }),
})
