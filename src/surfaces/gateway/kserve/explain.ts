import type { ModelVersion } from '../../../core/records/index.ts'
import type { ModelInputs } from '../assemble-inputs.ts'
import type { Cell } from '../decode-column.ts'
import { readAnswers } from '../encode-response.ts'
import { gatewayErrors } from '../errors.ts'
import { gatherInputs } from '../gather-inputs.ts'
import { type InferParts, refuseNonFinite } from '../infer.ts'
import type { LoadedRevision } from '../load-revision.ts'
import type { InferRequest } from '../open-inference.ts'
import { ordinaryValue } from './reference-row.ts'

/** What one row's answer owes to each of its inputs. */
export interface Explanation {
  /** `value`, or `probability of <class>`. */
  readonly output: string
  readonly value: number
  /** By input: the answer minus the answer with the reference's value in that input. */
  readonly contributions: Readonly<Record<string, number>>
}

export interface ExplainResponse {
  readonly model_version: string
  readonly method: 'leave-one-out-occlusion'
  /** The value that stood in for each input. */
  readonly reference: Readonly<Record<string, Cell>>
  readonly explanations: readonly Explanation[]
}

/**
 * Explains a request's rows by leave-one-out occlusion: each input in turn is replaced by its most
 * ordinary value in training. Contributions of inputs that act together do not add up to the whole.
 * Nothing is predicted for anyone, so nothing goes to the prediction log.
 * @throws EXPLANATION_IMPOSSIBLE without a reference, or for clusters
 */
export async function explain(parts: InferParts, request: InferRequest): Promise<ExplainResponse> {
  const { revision } = parts.endpoint.route(request.id ?? '')
  const { version } = revision
  const reference = referenceOf(version)
  return parts.endpoint.pool.use(revision, async () => {
    const timeMs = request.timeMs ?? parts.clock.now()
    const { inputs } = await gatherInputs(parts, request, { revision, timeMs })
    const whole = await outputsOf(revision, inputs)
    const picked = whole.map((output) => pickOutput(output, version))
    const occluded = await occlude(revision, inputs, [...reference.values()])
    const names = [...reference.keys()]
    return {
      model_version: String(version.version),
      method: 'leave-one-out-occlusion',
      reference: Object.fromEntries(reference),
      explanations: picked.map(({ index, label }, row) => {
        const value = whole[row]?.[index] ?? 0
        const without = (at: number) => occluded[at]?.[row]?.[index] ?? 0
        const pairs = names.map((name, at) => [name, value - without(at)] as const)
        return { output: label, value, contributions: Object.fromEntries(pairs) }
      }),
    }
  })
}

/** The ordinary value of each of the model's inputs, in the signature's order. */
function referenceOf({ version, signature, reference }: ModelVersion): ReadonlyMap<string, Cell> {
  const impossible = (reason: string) => gatewayErrors.EXPLANATION_IMPOSSIBLE({ version, reason })
  if (signature.problemType === 'clustering') throw impossible('a cluster is no amount')
  const known = new Map(reference.inputs.map((input) => [input.name, input]))
  return new Map(
    signature.inputs.map(({ name }) => {
      const input = known.get(name)
      if (input === undefined) {
        throw impossible(`its record does not say how "${name}" was spread in training`)
      }
      return [name, ordinaryValue(input)] as const
    }),
  )
}

/** Answers with one input replaced, by input. One after the other: a batch is never larger than asked. */
async function occlude(
  revision: LoadedRevision,
  inputs: ModelInputs,
  stand: readonly Cell[],
): Promise<readonly (readonly (readonly number[])[])[]> {
  const answers = []
  for (const [at, value] of stand.entries()) {
    const columns = inputs.columns.with(at, new Array<Cell>(inputs.rows).fill(value))
    answers.push(await outputsOf(revision, { ...inputs, columns }))
  }
  return answers
}

async function outputsOf(revision: LoadedRevision, inputs: ModelInputs) {
  const answers = readAnswers(await revision.predict(inputs), revision.version)
  refuseNonFinite(answers, revision.version.version)
  return answers.map(({ output }) => output)
}

/** Which number of an answer is explained: the positive class's, or the most probable one's. */
function pickOutput(output: readonly number[], { signature }: ModelVersion) {
  const { classes, positiveClass } = signature
  if (classes.length === 0) return { index: 0, label: 'value' }
  const positive = positiveClass === null ? -1 : classes.indexOf(positiveClass)
  const index = positive >= 0 ? positive : output.indexOf(Math.max(...output))
  return { index, label: `probability of ${classes[index]}` }
}
