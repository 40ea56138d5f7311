import type { ModelSignature } from '../../core/records/index.ts'
import { type ComputedInput, computedInput } from './computed-input.ts'

type SignatureInput = ModelSignature['inputs'][number]

/** A number this share of the range's width beyond its ends still counts as near. */
const RANGE_TOLERANCE = 0.1

/** What training saw of one input, ready to hold values against. */
export interface InputRule {
  readonly name: string
  /** Null for a column that the caller sends, and for a computed one. */
  readonly view: string | null
  /** Undefined for a column that is sent or looked up. */
  readonly computed: ComputedInput | undefined
  readonly kind: SignatureInput['kind']
  /** The training range; null when none is known. */
  readonly range: readonly [low: number, high: number] | null
  /** The range and a tenth of its width on either side; beyond it a number is far. */
  readonly near: readonly [low: number, high: number]
  /** Texts that the model can tell apart; undefined when none are listed. */
  readonly categories: ReadonlySet<string> | undefined
  readonly flags: {
    readonly outOfRange: string
    readonly clipped: string
    readonly unknownCategory: string
  }
}

const KNOWN = new WeakMap<ModelSignature, readonly InputRule[]>()

/**
 * The rules of a signature's inputs, in its order; made once.
 * @throws Error when an input's expression does not fit
 */
export function inputRules(signature: ModelSignature): readonly InputRule[] {
  let rules = KNOWN.get(signature)
  if (rules === undefined) {
    rules = signature.inputs.map((input) => ruleOf(input, signature))
    KNOWN.set(signature, rules)
  }
  return rules
}

function ruleOf(input: SignatureInput, { inputs }: ModelSignature): InputRule {
  const { name, view, kind, range, categories } = input
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const slack = range === null ? 0 : (high - low) * RANGE_TOLERANCE
  return {
    name,
    view,
    computed: input.onDemand === undefined ? undefined : computedInput(input, inputs),
    kind,
    range,
    near: [low - slack, high + slack],
    categories: categories === null || categories.length === 0 ? undefined : new Set(categories),
    flags: {
      outOfRange: `out-of-range:${name}`,
      clipped: `clipped:${name}`,
      unknownCategory: `unknown-category:${name}`,
    },
  }
}
