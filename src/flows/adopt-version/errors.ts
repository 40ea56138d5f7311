import { defineErrors, type PlatformError, problem } from '../../core/errors/index.ts'

type Refused = {
  readonly model: string
  readonly version: number
  readonly reason: string
  readonly wayOut: string
}

/** All say the same way why a version cannot be adopted; the code says what kind of reason it is. */
const refusal = (status: number) =>
  problem<Refused>({
    status,
    exit: 'data',
    blame: 'caller',
    message: (d) => `Version ${d.version} of "${d.model}" cannot be adopted: ${d.reason}.`,
    hint: (d) => d.wayOut,
  })

export const adoptionErrors = defineErrors({
  /** MLmodel or a model file breaks the rules of its format, or is cut off. */
  MODEL_FILE_INVALID: refusal(422),
  MODEL_FILE_MISSING: refusal(404),
  MODEL_FILES_ELSEWHERE: refusal(422),
  MODEL_TOO_LARGE: refusal(413),
  MODEL_FLAVOR_UNSUPPORTED: refusal(422),
  MODEL_SIGNATURE_MISSING: refusal(422),
  MODEL_SIGNATURE_UNFIT: refusal(422),
  MODEL_LAYOUT_UNSUPPORTED: refusal(422),
  MODEL_OUTPUT_UNSUPPORTED: refusal(422),
  MODEL_CLASS_UNSUPPORTED: refusal(422),
  MODEL_CLASS_UNKNOWN: refusal(422),
  /** A pickle names what no model is made of. */
  MODEL_GLOBAL_REFUSED: refusal(422),
  /** The model tried to do something while it was read; it was held back. */
  MODEL_REACHED_OUT: refusal(422),
  MODEL_CONVERSION_FAILED: refusal(422),
  MODEL_ANSWERS_NOT: refusal(422),
  MODEL_ANSWERS_DIFFER: refusal(422),
  MODEL_OUT_OF_MEMORY: refusal(422),
  MODEL_OUT_OF_TIME: refusal(422),
  MODEL_READER_CRASHED: refusal(422),
  THRESHOLD_UNFIT: refusal(422),
  ADOPTION_CANCELLED: problem<Refused>({
    status: 499,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: (d) => `The adoption of version ${d.version} of "${d.model}" was cancelled.`,
    hint: () => 'Ask for it again; nothing was changed.',
  }),
})

export interface VersionName {
  readonly model: string
  readonly version: number
}

export interface Reason {
  readonly code: string
  readonly message: string
  readonly hint: string
}

type RefusalCode = Exclude<keyof typeof adoptionErrors, 'table'>

function isRefusalCode(code: string): code is RefusalCode {
  return code !== 'table' && code in adoptionErrors
}

/** The error of this table for a reader's refusal. */
export function refusalError(
  { model, version }: VersionName,
  { code, message, hint }: Reason,
): PlatformError {
  // Other modules have a code of this name already.
  const own = code === 'MODEL_SIGNATURE_MISMATCH' ? 'MODEL_SIGNATURE_UNFIT' : code
  const known = isRefusalCode(own) ? own : 'MODEL_READER_CRASHED'
  const reason = message.replace(/\.$/, '')
  return adoptionErrors[known]({ model, version, reason, wayOut: hint })
}
