import type { Candidate, EstimatorName, Problem, Reason } from '../../core/records/index.ts'
import { FITTING_ESTIMATORS } from './fitting-estimators.ts'

/** What is known of the training rows when candidates are chosen. */
export interface SelectionFacts {
  /** Training rows. */
  readonly rows: number
  readonly inputs: number
  readonly numericInputs: number
  readonly textInputs: number
  /** Distinct values of the text input that has most. */
  readonly distinctTexts: number
}

export interface Proposed {
  readonly candidate: Candidate
  readonly reasons: readonly Reason[]
}

export interface Proposal {
  readonly proposed: readonly Proposed[]
  readonly excluded: readonly {
    readonly estimator: EstimatorName
    readonly reasons: readonly Reason[]
  }[]
}

/** Kernel machines compare every row with every other: beyond this a fit takes minutes, then hours. */
const MAX_KERNEL_ROWS = 10_000
/** With fewer rows boosting fits noise before it fits anything else. */
const MIN_BOOSTING_ROWS = 500
/** More one-hot columns than this make distances and margins meaningless. */
const MAX_KERNEL_TEXTS = 500
const DEFAULT_TREES = 200
/** A tree of usual depth costs a few microseconds a row; the rest of a request costs far more. */
const TREES_PER_MS = 20
const MIN_TREES = 20
/** Below this a forest of usual depth does not fit. */
const MIN_FOREST_MB = 5

interface Context {
  readonly problem: Pick<Problem, 'type' | 'constraints'>
  readonly facts: SelectionFacts
  readonly trees: number
}

type Judgement = { readonly propose: Proposed } | { readonly exclude: Reason }

function reason(code: string, message: string, values: Reason['values'] = {}): Reason {
  return { code, message, values }
}

function propose(
  name: EstimatorName,
  options: {
    readonly parameters?: Candidate['parameters']
    readonly members?: readonly string[]
    readonly reasons: readonly Reason[]
  },
): Judgement {
  const { parameters = {}, members, reasons } = options
  return {
    propose: {
      candidate: {
        name,
        estimator: name,
        parameters,
        ...(members === undefined ? {} : { members: [...members] }),
      },
      reasons,
    },
  }
}

function judgeLinear(estimator: EstimatorName): Judgement {
  return propose(estimator, {
    reasons: [
      reason('linear-readable', 'A linear model can be read, fits fast and is hard to fool.'),
    ],
  })
}

function judgeSvm({ problem, facts }: Context): Judgement {
  if (problem.constraints.interpretability === 'required') return { exclude: unreadable('svm') }
  const { rows, distinctTexts } = facts
  const margin = (why: Reason): Judgement =>
    propose('svm', { parameters: { kernel: 'linear' }, reasons: [why] })
  if (rows > MAX_KERNEL_ROWS) {
    const message = `A linear margin only: the cost of a kernel grows with the square of ${rows} rows.`
    return margin(reason('too-many-rows-for-kernel', message, { rows, most: MAX_KERNEL_ROWS }))
  }
  if (distinctTexts > MAX_KERNEL_TEXTS) {
    const message = `A linear margin only: a text of ${distinctTexts} values makes distances mean little.`
    const values = { distinct: distinctTexts, most: MAX_KERNEL_TEXTS }
    return margin(reason('too-many-texts-for-kernel', message, values))
  }
  return propose('svm', {
    parameters: { kernel: 'rbf' },
    reasons: [
      reason('kernel-small-data', 'A kernel machine finds curved borders in few rows.', { rows }),
    ],
  })
}

function unreadable(estimator: EstimatorName): Reason {
  return reason('not-interpretable', `The problem asks for a model that people can read.`, {
    estimator,
  })
}

function treeReasons({ problem, trees }: Context, first: Reason): Reason[] {
  const bound = problem.constraints.latencyP99Ms
  if (bound === undefined || trees === DEFAULT_TREES) return [first]
  const message = `At most ${trees} trees, to answer within ${bound} ms.`
  return [first, reason('trees-capped', message, { trees, latencyP99Ms: bound })]
}

function judgeForest(context: Context): Judgement {
  const { interpretability, modelSizeMb } = context.problem.constraints
  if (interpretability === 'required') return { exclude: unreadable('random-forest') }
  if (modelSizeMb !== undefined && modelSizeMb < MIN_FOREST_MB) {
    const message = `A forest does not fit into ${modelSizeMb} MB.`
    return { exclude: reason('forest-too-large', message, { modelSizeMb }) }
  }
  return propose('random-forest', {
    parameters: { n_estimators: context.trees, max_depth: 12 },
    reasons: treeReasons(
      context,
      reason('forest-robust', 'A forest finds interactions and needs little tuning.'),
    ),
  })
}

function judgeBoosting(context: Context): Judgement {
  if (context.problem.constraints.interpretability === 'required') {
    return { exclude: unreadable('xgboost') }
  }
  const { rows } = context.facts
  if (rows < MIN_BOOSTING_ROWS) {
    const message = `Boosting is not tried on ${rows} rows: it needs about ${MIN_BOOSTING_ROWS}.`
    const values = { rows, least: MIN_BOOSTING_ROWS }
    return { exclude: reason('too-few-rows-for-boosting', message, values) }
  }
  return propose('xgboost', {
    parameters: { n_estimators: context.trees, max_depth: 6, learning_rate: 0.1 },
    reasons: treeReasons(
      context,
      reason('boosting-tables', 'Boosted trees are most often the strongest on tables.'),
    ),
  })
}

function judgeVoting({ problem }: Context, strong: readonly Proposed[]): Judgement {
  const { interpretability } = problem.constraints
  if (interpretability !== 'none') return { exclude: unreadable('voting') }
  if (strong.length < 2) {
    const message = 'A vote needs two candidates that differ.'
    return { exclude: reason('too-few-members', message, { members: strong.length }) }
  }
  return propose('voting', {
    members: strong.map(({ candidate }) => candidate.name),
    reasons: [reason('vote-averages', 'A vote of unlike models averages their errors out.')],
  })
}

function judgeKMeans({ facts }: Context): Judgement {
  return propose('k-means', {
    reasons: [
      reason('k-means-clusters', 'k-means finds groups of like rows and gives each a centre.', {
        numericInputs: facts.numericInputs,
      }),
    ],
  })
}

function judge(estimator: EstimatorName, context: Context): Judgement | undefined {
  switch (estimator) {
    case 'logistic-regression':
    case 'linear-regression':
      return judgeLinear(estimator)
    case 'svm':
      return judgeSvm(context)
    case 'random-forest':
      return judgeForest(context)
    case 'xgboost':
      return judgeBoosting(context)
    case 'k-means':
      return judgeKMeans(context)
    default:
      // References are always added; custom code is never proposed; a vote is judged at the end.
      return undefined
  }
}

/** A reasoned list of candidates for a problem whose project names none. */
export function proposeCandidates(
  problem: Pick<Problem, 'type' | 'constraints'>,
  facts: SelectionFacts,
): Proposal {
  const bound = problem.constraints.latencyP99Ms
  const trees =
    bound === undefined
      ? DEFAULT_TREES
      : Math.min(DEFAULT_TREES, Math.max(MIN_TREES, Math.floor(bound * TREES_PER_MS)))
  const context: Context = { problem, facts, trees }
  const proposed: Proposed[] = []
  const excluded: { estimator: EstimatorName; reasons: Reason[] }[] = []
  const take = (estimator: EstimatorName, judgement: Judgement | undefined): void => {
    if (judgement === undefined) return
    if ('propose' in judgement) proposed.push(judgement.propose)
    else excluded.push({ estimator, reasons: [judgement.exclude] })
  }
  const fitting = FITTING_ESTIMATORS[problem.type]
  for (const estimator of fitting) take(estimator, judge(estimator, context))
  if (fitting.includes('voting')) {
    const strong = proposed.filter(({ candidate }) => candidate.estimator !== 'svm')
    take('voting', judgeVoting(context, strong))
  }
  return { proposed, excluded }
}
