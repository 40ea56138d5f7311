import type { EvaluationPolicy, Slice } from '../../core/records/index.ts'
import type { Scorer } from '../../core/statistics/index.ts'
import type { FramePartRows } from '../../platform/inference/index.ts'
import { formGroups } from './form-groups.ts'

/** The model's metrics on the rows of each value of each slice column. */
export function measureSlices(
  scorer: Scorer,
  part: FramePartRows,
  policy: EvaluationPolicy,
): Slice[] {
  return policy.slices.flatMap((column) => {
    const values = part.kept[column]
    if (values === undefined) return []
    return formGroups(values).map(({ value, rows, counts }) => ({
      column,
      value,
      rows,
      judged: rows >= policy.minSliceRows,
      metrics: scorer.score(counts),
    }))
  })
}
