export { bestThreshold } from './best-threshold.ts'
export { binaryScorer, scoreBinary } from './binary-scorer.ts'
export { bootstrapMetrics } from './bootstrap-metrics.ts'
export { calibrationCurve, calibrationSums } from './calibration.ts'
export { sampleRows, scoreClustering } from './cluster-metrics.ts'
export { valueCurve } from './decision-value.ts'
export { figureText } from './figure-text.ts'
export { type Moments, moments } from './moments.ts'
export {
  moneyMatrix,
  mostLikely,
  multiclassConfusion,
  multiclassScorer,
  scoreMulticlass,
} from './multiclass-scorer.ts'
export { numberShares, quantileEdges } from './number-bins.ts'
export { pairedBootstrap } from './paired-bootstrap.ts'
export { psi, psiEpsilon, psiNoise } from './population-stability.ts'
export { percentiles, quantiles } from './quantiles.ts'
export { countsByRank, rankScores } from './ranked-scores.ts'
export { precisionRecallCurve, rocCurve } from './receiver-curves.ts'
export { regressionScorer, scoreRegression } from './regression-scorer.ts'
export type { Counts, Numbers, Scorer } from './scorer.ts'
export {
  type SequentialDifference,
  sequentialDifference,
  shareMoments,
} from './sequential-difference.ts'
export { frequentCategories, textShares } from './text-shares.ts'
