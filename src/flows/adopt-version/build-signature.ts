import { type ModelSignature, modelSignatureSchema } from '../../core/records/index.ts'
import type { ClientModel } from '../../platform/workers/index.ts'
import { refusalError, type VersionName } from './errors.ts'

/**
 * What the model accepts and gives, in Esteira's words: numbers first, then texts, each in the order
 * of the client. Training ranges are not known.
 * @throws MODEL_SIGNATURE_UNFIT
 */
export function buildSignature(client: ClientModel, name: VersionName): ModelSignature {
  const { columns, classes, problemType, tensors } = client
  const names = new Set(columns.map((column) => column.name))
  if (names.size !== columns.length) throw unfit(name, 'two columns have one name')
  if (new Set(classes).size !== classes.length) throw unfit(name, 'two classes have one name')
  const numbers = columns.filter((column) => column.kind === 'number')
  const texts = columns.filter((column) => column.kind === 'text')
  return modelSignatureSchema.parse({
    schemaVersion: 1,
    problemType,
    inputs: [...numbers, ...texts].map(({ name: input, kind }) => ({
      name: input,
      kind,
      view: null,
      range: null,
      categories: kind === 'text' ? [] : null,
    })),
    classes,
    positiveClass: problemType === 'binary-classification' ? (classes[1] ?? null) : null,
    tensors,
  })
}

function unfit(name: VersionName, message: string) {
  const hint = 'Give every column and every class a name of its own, and log the model again.'
  return refusalError(name, { code: 'MODEL_SIGNATURE_UNFIT', message, hint })
}

/**
 * The probability from which the answer is yes; null when the model knows more or fewer than two
 * classes. 0.5 unless one was given.
 * @throws THRESHOLD_UNFIT
 */
export function thresholdOf(
  { problemType }: ModelSignature,
  given: number | undefined,
  name: VersionName,
): number | null {
  const isBinary = problemType === 'binary-classification'
  if (given === undefined) return isBinary ? 0.5 : null
  if (isBinary && given > 0 && given < 1) return given
  const message = isBinary
    ? `the threshold is ${given}, expected a number between 0 and 1`
    : `a ${problemType} model has no threshold`
  const hint = isBinary ? 'Give one such as 0.4.' : 'Leave the threshold out.'
  throw refusalError(name, { code: 'THRESHOLD_UNFIT', message, hint })
}
