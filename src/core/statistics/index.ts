export { type BestThreshold, bestThreshold, type ThresholdObjective } from './best-threshold.ts'
export { type BinaryPredictions, binaryScorer, scoreBinary } from './binary-scorer.ts'
export { type BootstrapOptions, bootstrapMetrics } from './bootstrap-metrics.ts'
export { calibrationCurve, calibrationSums, expectedCalibrationError } from './calibration.ts'
export { inertia, sampleRows, scoreClustering, silhouette } from './cluster-metrics.ts'
export { type Confusion, confusionAt, confusionMetrics } from './confusion.ts'
export { type DecisionMoney, valueCurve, valuePerDecision } from './decision-value.ts'
export { jensenShannon, kolmogorovSmirnov, wasserstein } from './distribution-distances.ts'
export { errors } from './errors.ts'
export { figureText } from './figure-text.ts'
export { type McNemarResult, mcnemar } from './mcnemar.ts'
export { type Moments, moments } from './moments.ts'
export {
  type MulticlassPredictions,
  moneyMatrix,
  mostLikely,
  multiclassConfusion,
  multiclassScorer,
  scoreMulticlass,
} from './multiclass-scorer.ts'
export { binOf, numberShares, quantileEdges } from './number-bins.ts'
export { type PairedComparison, pairedBootstrap } from './paired-bootstrap.ts'
export { psi, psiEpsilon, psiNoise } from './population-stability.ts'
export { percentiles, quantiles } from './quantiles.ts'
export { averagePrecision, rocAuc } from './rank-metrics.ts'
export { countsByRank, type RankedScores, rankScores } from './ranked-scores.ts'
export { precisionRecallCurve, rocCurve } from './receiver-curves.ts'
export {
  type RegressionPredictions,
  regressionScorer,
  scoreRegression,
} from './regression-scorer.ts'
export type { Counts, Numbers, Scorer } from './scorer.ts'
export { frequentCategories, textShares } from './text-shares.ts'
