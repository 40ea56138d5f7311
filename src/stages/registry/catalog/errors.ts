import { defineErrors, didYouMean, problem } from '../../../core/errors/index.ts'
import { STAGES } from './registered-model.ts'

/** Errors of the catalog; the table feeds `docs/reference/errors.md`. */
export const catalogErrors = defineErrors({
  MODEL_EXISTS: problem<{ model: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `A registered model "${d.model}" exists already.`,
    hint: () => 'Choose another name, or register versions under the model that exists.',
  }),
  MODEL_BELONGS_ELSEWHERE: problem<{ model: string; project: string; owner: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `The model "${d.model}" belongs to the project "${d.owner}", not to "${d.project}".`,
    hint: () => 'Model names are unique on a server: rename one of the two.',
  }),
  MODEL_NAME_INVALID: problem<{ got: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `"${d.got}" cannot name a model: ${d.reason}`,
    hint: () => 'A name has 1 to 256 characters, none of them "/" or ":", such as flight-delays.',
  }),
  MODEL_TAG_INVALID: problem<{ key: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The tag "${d.key}" cannot be kept: ${d.reason}`,
    hint: () =>
      'A key has 1 to 250 characters: letters, digits, spaces and _ - . : /; a value has 100,000 at most.',
  }),
  MODEL_IN_USE: problem<{ model: string; dependents: readonly string[] }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `The model "${d.model}" is in use: ${d.dependents.join('; ')}.`,
    hint: () => 'Take its versions out of use first: archive them or point to others.',
  }),
  VERSION_IN_USE: problem<{ model: string; version: number; dependents: readonly string[] }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `Version ${d.version} of "${d.model}" is in use: ${d.dependents.join('; ')}.`,
    hint: () => 'Put another version in its place, or archive it, then repeat.',
  }),
  VERSION_RETIRED: problem<{ model: string; version: number; at: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) => `Version ${d.version} of "${d.model}" was retired on ${d.at}.`,
    hint: () => 'Choose another version; what is retired does not come back.',
  }),
  VERSION_RECORDED: problem<{ model: string; version: number; record: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    message: (d) =>
      `Version ${d.version} of "${d.model}" has a record already (${d.record}), made of other parts.`,
    hint: () => 'A version never changes: register the model as a new version.',
  }),
  ALIAS_NOT_FOUND: problem<{ model: string; alias: string; known: readonly string[] }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `Registered model alias "${d.alias}" of "${d.model}" not found.`,
    hint: (d) =>
      didYouMean(d.alias, d.known) ||
      (d.known.length === 0 ? 'The model has no aliases.' : `Known: ${d.known.join(', ')}.`),
  }),
  ALIAS_INVALID: problem<{ got: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `"${d.got}" cannot be an alias: ${d.reason}`,
    hint: () => 'An alias has 1 to 255 letters, digits, _ or -, such as champion.',
  }),
  STAGE_UNKNOWN: problem<{ got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `"${d.got}" is no stage of a model version.`,
    hint: (d) => didYouMean(d.got, STAGES) || `Stages: ${STAGES.join(', ')}.`,
  }),
  STAGE_NOT_ARCHIVING: problem<{ stage: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `Entering the stage ${d.stage} cannot archive the versions that stand there.`,
    hint: () => 'Archive existing versions only when a version enters Staging or Production.',
  }),
})
