import { defineErrors, problem } from '../../core/errors/index.ts'

export const rolloutErrors = defineErrors({
  VERSION_NOT_PROMOTED: problem<{ version: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} was never promoted to staging or production, so it cannot be rolled out.`,
    hint: (d) => `Promote it first: \`esteira promote ${d.version} staging --reason …\`.`,
  }),
  ROLLOUT_NOT_JUDGEABLE: problem<{ kind: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `A rollout by ${d.kind} cannot be judged: deployment.predictionLog.keep is "none", so that nobody knows what either revision answered.`,
    hint: () =>
      'Set deployment.predictionLog.keep: "all", or roll out with the strategy blue-green; `esteira rollout promote` and `abort` end one that is under way.',
  }),
  STRATEGY_INVALID: problem<{ got: string; issues: string }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `${d.got} is no rollout strategy: ${d.issues}`,
    hint: () =>
      'Name the kind that the project file declares, `blue-green`, `canary` or `shadow`, or give the strategy as JSON as the project file has it.',
  }),
})
