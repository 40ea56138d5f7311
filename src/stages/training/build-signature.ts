import type { Frame, InputColumn, ModelSignature, ProblemType } from '../../core/records/index.ts'
import type { TrainResult } from '../../platform/workers/index.ts'

/** What the trained file accepts and gives: inputs in the order of its tensors, numbers first. */
export function buildSignature(
  problemType: ProblemType,
  frame: Frame,
  result: Pick<TrainResult, 'tensors' | 'ranges' | 'categories'>,
): ModelSignature {
  const of = (kind: InputColumn['kind']) => frame.inputs.filter((input) => input.kind === kind)
  const numbers = of('number').map((input) => {
    const range = result.ranges[input.name] ?? null
    return { ...input, range: range === null ? null : tuple(range), categories: null }
  })
  const texts = of('text').map((input) => ({
    ...input,
    range: null,
    categories: [...(result.categories[input.name] ?? [])],
  }))
  return {
    schemaVersion: 1,
    problemType,
    inputs: [...numbers, ...texts],
    classes: frame.classes,
    positiveClass: frame.positiveClass,
    tensors: { ...result.tensors },
  }
}

function tuple([low, high]: readonly [number, number]): [number, number] {
  return [low, high]
}
