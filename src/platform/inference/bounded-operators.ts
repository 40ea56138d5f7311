/**
 * Operators whose answer has at most as many values as the rows times the parameters: a model of
 * nothing else cannot take more time or memory than its own size and its rows explain. Not among
 * them is what multiplies parameters with each other (broadcasting arithmetic, MatMul, Gather, Expand,
 * Tile, Range …) or turns (Loop, Scan).
 */
const BOUNDED: ReadonlySet<string> = new Set([
  'ArgMax',
  'ArgMin',
  'Binarizer',
  'Cast',
  'CastMap',
  'CategoryMapper',
  'Concat',
  'DictVectorizer',
  'FeatureVectorizer',
  'Flatten',
  'Identity',
  'Imputer',
  'LabelEncoder',
  'LinearClassifier',
  'LinearRegressor',
  'Normalizer',
  'OneHotEncoder',
  'Reshape',
  'SVMClassifier',
  'SVMRegressor',
  'Scaler',
  'Sigmoid',
  'Softmax',
  'Squeeze',
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
  'Unsqueeze',
])

/** True when a model of these operators needs no trial before it may run beside others. */
export function areBounded(operators: readonly string[]): boolean {
  return operators.every((operator) => BOUNDED.has(operator))
}
