import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

export const registryErrors = defineErrors({
  VERSION_NOT_FOUND: problem<{ model: string; version: number; known: readonly number[] }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `Model "${d.model}" has no version ${d.version}.`,
    hint: (d) =>
      d.known.length === 0
        ? 'It has no versions yet; `esteira run` registers one.'
        : `Its versions: ${d.known.join(', ')}.`,
  }),
  MODEL_NOT_FOUND: problem<{
    model: string
    /** Names that the caller may know; null when they are not to be told. */
    known: readonly string[] | null
  }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no model "${d.model}" in the registry.`,
    hint: (d) =>
      d.known === null
        ? 'Search the registered models for its name.'
        : didYouMean(d.model, d.known) ||
          (d.known.length === 0
            ? 'The registry is empty; `esteira run` registers a version.'
            : `Known: ${d.known.join(', ')}.`),
  }),
  VERSION_WITHOUT_RECORD: problem<{ model: string; version: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} of "${d.model}" was registered by a client: there is no belt's record of it.`,
    hint: () => 'Choose a version that a belt has made, or use this one through the client.',
  }),
  PROMOTION_SKIPS: problem<{
    model: string
    version: number
    environment: string
    needed: string
  }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} of "${d.model}" cannot enter ${d.environment}: it does not stand in ${d.needed}, nor was it replaced there by a newer one.`,
    hint: (d) => `Promote it step by step: \`esteira promote ${d.version} ${d.needed}\` first.`,
  }),
  VERSION_NOT_APPROVED: problem<{
    model: string
    version: number
    environment?: string
    verdict: string
    got: string
  }>({
    status: 409,
    exit: 'rejected',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} of "${d.model}" cannot enter ${d.environment ?? 'production'}: it needs a gate verdict YES, got ${d.got} (${d.verdict}).`,
    hint: (d) => `See the criteria with \`esteira show ${d.verdict}\`.`,
  }),
  NOTHING_TO_ROLL_BACK: problem<{ model: string; environment: string; version: number | null }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      d.version === null
        ? `No version of "${d.model}" stands in ${d.environment}, so there is nothing to roll back.`
        : `Version ${d.version} is the first of "${d.model}" in ${d.environment}; there is none before it.`,
    hint: (d) => `Promote another version: \`esteira promote <version> ${d.environment}\`.`,
  }),
})
