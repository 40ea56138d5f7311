import type { Candidate, Frame, MetricName, Project } from '../../core/records/index.ts'
import type { ArtifactStore } from '../../platform/storage/index.ts'
import type { TrainRequest } from '../../platform/workers/index.ts'
import { defaultRankingMetric, searchMetric } from '../selection/index.ts'

export interface FitRequestOptions {
  readonly candidate: Candidate
  /** Full candidates of a vote (`resolveMembers`); empty for all others. */
  readonly members: readonly Candidate[]
  readonly project: Project
  readonly projectFolder: string
  readonly frame: Frame
  readonly artifacts: ArtifactStore
  /** Default: the project's ranking metric, as far as a worker can measure it. */
  readonly metric?: MetricName
}

/** What a worker needs to fit a candidate, for a run as for a search. */
export function buildFitRequest(options: FitRequestOptions): Omit<TrainRequest, 'outputFolder'> {
  const { candidate, members, project, projectFolder, frame, artifacts } = options
  const { problem, training, dataset } = project
  const metric = options.metric ?? training.metric ?? defaultRankingMetric(problem)
  const { members: _names, ...own } = candidate
  const named = (kind: 'number' | 'text') =>
    frame.inputs.filter((input) => input.kind === kind).map((input) => input.name)
  return {
    candidate: candidate.members === undefined ? own : { ...own, members },
    problemType: problem.type,
    classes: frame.classes,
    positiveClass: frame.positiveClass,
    columns: { numeric: named('number'), categorical: named('text') },
    // The worker lays each candidate's (and each member's) own preparation over this one.
    preparation: dataset.preparation,
    train: artifacts.pathOf(frame.parts.train.table.digest),
    validation: artifacts.pathOf(frame.parts.validation.table.digest),
    crossValidation: { by: dataset.split.by, folds: training.folds },
    metric: searchMetric(metric, problem.type),
    maxRows: training.maxRows ?? null,
    seed: training.seed,
    projectFolder,
  }
}
