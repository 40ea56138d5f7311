import { defineErrors, problem } from '../../core/errors/index.ts'

export const deploymentErrors = defineErrors({
  ROLLOUT_UNDER_WAY: problem<{ endpoint: string; canary: number; version: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Endpoint "${d.endpoint}" is rolling out version ${d.canary}; version ${d.version} must wait until that ends.`,
    hint: (d) =>
      `Let the rollout of version ${d.canary} end, or withdraw it with \`esteira rollout abort\`, then try again.`,
  }),
  ROLLBACK_IMPOSSIBLE: problem<{ endpoint: string; stable: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Endpoint "${d.endpoint}" has no version before ${d.stable} to go back to, and no rollout under way.`,
    hint: () => 'Roll out another version with `esteira promote`.',
  }),
  NO_ROLLOUT_UNDER_WAY: problem<{ endpoint: string; stable: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `No rollout is under way at endpoint "${d.endpoint}"; version ${d.stable} answers all traffic.`,
    hint: () =>
      'See `esteira rollout explain` for how the last one ended; `esteira rollback` goes back to the version before.',
  }),
})
