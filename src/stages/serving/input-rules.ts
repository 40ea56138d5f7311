import type { ModelSignature } from '../../core/records/index.ts'

type SignatureInput = ModelSignature['inputs'][number]

/** A number this share of the range's width beyond its ends still counts as near. */
const RANGE_TOLERANCE = 0.1

/** What training saw of one input, ready to hold values against. */
export interface InputRule {
  readonly name: string
  /** Null for a column that the caller sends. */
  readonly view: string | null
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

/** The rules of a signature's inputs, in its order; made once. */
export function inputRules(signature: ModelSignature): readonly InputRule[] {
  let rules = KNOWN.get(signature)
  if (rules === undefined) {
    rules = signature.inputs.map(ruleOf)
    KNOWN.set(signature, rules)
  }
  return rules
}

function ruleOf({ name, view, kind, range, categories }: SignatureInput): InputRule {
  const [low, high] = range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const slack = range === null ? 0 : (high - low) * RANGE_TOLERANCE
  return {
    name,
    view,
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
