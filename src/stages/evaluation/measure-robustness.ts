import {
  type Evaluation,
  type EvaluationPolicy,
  LOWER_IS_BETTER,
  type MetricName,
} from '../../core/records/index.ts'
import type { ModelSession } from '../../platform/inference/index.ts'
import { ATTACKS, corruptBatch } from './corrupt-batch.ts'
import { makeScorer, type ScoringRules } from './make-scorer.ts'
import type { Sample } from './sample.ts'

type Robustness = Evaluation['robustness'][number]

/** A clean figure this near to 0 has no meaningful relative loss; it is taken as this. */
const SMALLEST_CLEAN = 1e-9

/** Every metric of the model on corrupted rows against the same rows clean. */
export async function measureRobustness(
  session: ModelSession,
  sample: Sample,
  options: { readonly rules: ScoringRules; readonly policy: EvaluationPolicy },
): Promise<Robustness[]> {
  const { rules, policy } = options
  const { noise, corruption } = policy.robustness
  const score = async (batch: Sample['batch']) =>
    makeScorer(await session.predict(batch), sample.truth, rules).score()
  const clean = await score(sample.batch)
  const results: Robustness[] = []
  for (const [place, attack] of ATTACKS.entries()) {
    const seed = rules.seed + 1 + place
    const batch = corruptBatch(sample.batch, { attack, noise, corruption, seed })
    if (batch === undefined) continue
    const corrupted = await score(batch)
    for (const [metric, before] of Object.entries(clean)) {
      const after = corrupted[metric]
      if (after === undefined) continue
      results.push({
        attack,
        metric,
        clean: before,
        corrupted: after,
        relativeLoss: relativeLoss(metric, before, after),
      })
    }
  }
  return results
}

/** Loss in the metric's direction as a share of the clean figure; negative when it got better. */
function relativeLoss(metric: string, clean: number, corrupted: number): number {
  const fall = LOWER_IS_BETTER.includes(metric as MetricName)
    ? corrupted - clean
    : clean - corrupted
  return fall / Math.max(Math.abs(clean), SMALLEST_CLEAN)
}
