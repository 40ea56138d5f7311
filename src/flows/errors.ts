import { defineErrors, problem } from '../core/errors/index.ts'

export const flowErrors = defineErrors({
  DATA_FOLDER_UNUSABLE: problem<{ folder: string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'caller',
    message: (d) => `the data folder ${d.folder} cannot be used: ${d.reason}`,
    hint: () => 'Name a folder that this user may write to with --data-dir.',
  }),
  ALL_CANDIDATES_FAILED: problem<{ failures: string }>({
    status: 422,
    exit: 'worker',
    blame: 'user-code',
    message: (d) => `no candidate could be trained: ${d.failures}`,
    hint: () => 'Mend the first failure; `esteira show failed-run` lists them all.',
  }),
  GATE_SAID_NO: problem<{ candidate: string; reasons: string }>({
    status: 422,
    exit: 'rejected',
    blame: 'caller',
    message: (d) => `the gate's final verdict is NO for "${d.candidate}": ${d.reasons}`,
    hint: () => 'Nothing was deployed. See the verdict with `esteira show verdict`, or the report.',
  }),
  NOTHING_DEPLOYED: problem<{ endpoint: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `nothing is deployed at the endpoint "${d.endpoint}"`,
    hint: () => 'Run the belt first: `esteira run`.',
  }),
  RUN_UNKNOWN: problem<{ run: string; known: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `there is no run "${d.run}"`,
    hint: (d) =>
      d.known === '' ? 'No run is recorded yet: `esteira run`.' : `Known runs: ${d.known}.`,
  }),
  REPLAY_NOT_DECLARED: problem<{ missing: string }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `the project cannot be replayed: ${d.missing} is missing`,
    hint: () =>
      'Declare replay.from and replay.until, and dataset.predictionTime and dataset.labelTime.',
  }),
  REPLAY_REQUEST_FAILED: problem<{ id: string; status: number; answer: string }>({
    status: 502,
    exit: 'internal',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `the gateway refused the replayed request "${d.id}" with ${d.status}: ${d.answer}`,
    hint: () => 'Run the same command again: the replay goes on from the last finished day.',
  }),
  REPLAY_CHANGED: problem<{ endpoint: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `the replay at the endpoint "${d.endpoint}" was begun with another project file or other data`,
    hint: () =>
      'A replay cannot go on under changed rules. Start over: `esteira demo --fresh` for the example, else remove the .esteira folder.',
  }),
})
