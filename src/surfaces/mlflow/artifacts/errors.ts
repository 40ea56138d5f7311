import { defineErrors, problem } from '../../../core/errors/index.ts'

const refused = { exit: 'usage', blame: 'caller' } as const

/** Errors of the artifact proxy; the table feeds `docs/reference/errors.md`. */
export const artifactProxyErrors = defineErrors({
  ARTIFACT_OWNER_UNKNOWN: problem<{ path: string }>({
    ...refused,
    status: 404,
    exit: 'not-found',
    message: (d) =>
      `Nothing may be written to "${d.path}": it lies under no active run or logged model of this server`,
    hint: () =>
      'Upload through a run: its artifact URI is mlflow-artifacts:/<experiment>/<run>/artifacts.',
  }),
  ARTIFACTS_ELSEWHERE: problem<{ uri: string }>({
    ...refused,
    status: 400,
    message: (d) => `The artifacts at "${d.uri}" are not kept by this server`,
    hint: () => 'Read them from that place with credentials of your own.',
  }),
  ARTIFACT_TOO_LARGE: problem<{ path: string; maxBytes: number }>({
    ...refused,
    status: 413,
    message: (d) => `The file "${d.path}" is larger than the ${d.maxBytes} bytes allowed here`,
    hint: () => 'Make it smaller, or ask the operator of the server to raise the limit.',
  }),
  ARTIFACT_REQUEST_INVALID: problem<{ reason: string }>({
    ...refused,
    status: 400,
    message: (d) => `The artifact request cannot be answered: ${d.reason}`,
    hint: () => 'docs/reference/mlflow-api.md lists the endpoints and what they take.',
  }),
  PART_ADDRESS_REFUSED: problem<{ reason: string }>({
    ...refused,
    status: 403,
    message: (d) => `This address of a part of an upload is not accepted: ${d.reason}`,
    hint: () => 'Begin the upload anew to get addresses that hold for an hour.',
  }),
})
