import { canonicalJson } from '../../core/identity/index.ts'
import type { Run } from '../../core/records/index.ts'
import { type TrainOptions, trainCandidate } from './train-candidate.ts'

export interface ReproduceOptions extends TrainOptions {
  /** The run to prove; the other options are its recipe. */
  readonly run: Run
}

export interface RunDifference {
  /** `model`, `signature`, `training rows`, `fold 2: rocAuc`, `cross-validation: rocAuc`. */
  readonly what: string
  readonly expected: string | number | null
  readonly got: string | number | null
}

export interface Reproduction {
  /** Id of the run that was proven. */
  readonly run: string
  /** True when nothing that a model is made of differs. */
  readonly reproduced: boolean
  readonly differences: readonly RunDifference[]
  /** Circumstances that changed since; they may explain differences but are none. */
  readonly circumstances: readonly RunDifference[]
  readonly again: Run
}

/**
 * Trains a run's recipe again and compares digests and figures one by one, exactly.
 * @throws as `trainCandidate`
 */
export async function reproduceRun(options: ReproduceOptions): Promise<Reproduction> {
  const { run } = options
  const again = await trainCandidate(options)
  const differences = [
    ...difference('model', run.model.digest, again.model.digest),
    ...difference('signature', canonicalJson(run.signature), canonicalJson(again.signature)),
    ...difference('parameters', canonicalJson(run.parameters), canonicalJson(again.parameters)),
    ...difference('training rows', run.trainingRows, again.trainingRows),
    ...difference('folds', run.folds.length, again.folds.length),
    ...run.folds.flatMap((fold, i) => {
      const other = again.folds[i]
      if (other === undefined) return []
      return [
        ...difference(`fold ${i + 1}: rows`, fold.rows, other.rows),
        ...metricDifferences(`fold ${i + 1}`, fold.metrics, other.metrics),
      ]
    }),
    ...metricDifferences('cross-validation', run.crossValidation, again.crossValidation),
  ]
  return {
    run: run.id,
    reproduced: differences.length === 0,
    differences,
    circumstances: circumstances(run, again),
    again,
  }
}

function difference(
  what: string,
  expected: string | number | null,
  got: string | number | null,
): RunDifference[] {
  return Object.is(expected, got) ? [] : [{ what, expected, got }]
}

function metricDifferences(
  where: string,
  expected: Readonly<Record<string, number>>,
  got: Readonly<Record<string, number>>,
): RunDifference[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(got)])].sort()
  return names.flatMap((name) =>
    difference(`${where}: ${name}`, expected[name] ?? null, got[name] ?? null),
  )
}

function circumstances(run: Run, again: Run): RunDifference[] {
  const packages = [...new Set([...Object.keys(run.packages), ...Object.keys(again.packages)])]
  return [
    ...difference('esteira', run.code.esteira, again.code.esteira),
    ...difference('worker', run.code.workerDigest, again.code.workerDigest),
    ...difference('git commit', run.code.gitCommit, again.code.gitCommit),
    ...difference('cpu', run.hardware.cpu, again.hardware.cpu),
    ...packages
      .sort()
      .flatMap((name) =>
        difference(`package ${name}`, run.packages[name] ?? null, again.packages[name] ?? null),
      ),
  ]
}
