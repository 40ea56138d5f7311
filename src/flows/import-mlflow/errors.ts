import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of imports; the table feeds `docs/reference/errors.md`. */
export const importErrors = defineErrors({
  IMPORT_SOURCE_INVALID: problem<{ got: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `"${d.got}" is no place to import from: ${d.reason}`,
    hint: () =>
      'Give the address of a tracking server (http://host:5000), or its database (sqlite:///…/mlflow.db, postgresql://user@host/mlflow).',
  }),
  IMPORT_SCHEMA_UNKNOWN: problem<{ place: string; got: string; known: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The database ${d.place} has the schema "${d.got}", which is not known here`,
    hint: (d) =>
      `Known are ${d.known}. Import by the address of the running server instead, or let \`mlflow db upgrade\` bring an older database up.`,
  }),
  IMPORT_WORKSPACES: problem<{ place: string; workspaces: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The database ${d.place} has more than one workspace: ${d.workspaces}`,
    hint: () =>
      'Names are unique in a workspace only. Import by the address of the running server: it shows the default workspace.',
  }),
  IMPORT_SOURCE_UNREADABLE: problem<{ place: string; what: string; reason: string }>({
    status: 502,
    exit: 'environment',
    blame: 'caller',
    retryable: true,
    message: (d) => `${d.place} could not be read (${d.what}): ${d.reason}`,
    hint: () =>
      'Mend the cause and repeat the command: what was brought over already is not brought again.',
  }),
  IMPORT_SOURCE_REFUSED: problem<{ place: string; what: string; status: number; reason: string }>({
    status: 502,
    exit: 'environment',
    blame: 'caller',
    message: (d) => `${d.place} refused ${d.what} with ${d.status}: ${d.reason}`,
    hint: () =>
      'For a server with logins set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may read everything.',
  }),
  IMPORT_ANSWER_INVALID: problem<{ place: string; what: string; reason: string }>({
    status: 502,
    exit: 'data',
    blame: 'caller',
    message: (d) => `${d.place} gave something that cannot be believed (${d.what}): ${d.reason}`,
    hint: () => 'Check that the address is that of an MLflow server or of its own database.',
  }),
  IMPORT_ARTIFACTS_UNKNOWN: problem<{ uri: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `It is not known where the files of ${d.uri} are`,
    hint: () =>
      "Give --artifacts, the server's own --artifacts-destination: a folder, file:///folder or s3://bucket/folder.",
  }),
  IMPORT_NAME_TAKEN: problem<{ what: string; name: string; prefixed: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `There is ${d.what} "${d.name}" here already, and it did not come from this source`,
    hint: (d) =>
      `Rename one of the two, or import under other names: --rename-prefix makes it "${d.prefixed}". Nothing was imported.`,
  }),
})
