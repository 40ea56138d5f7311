import type {
  Candidate,
  EstimatorName,
  Problem,
  Reason,
  Selection,
} from '../../core/records/index.ts'
import { checkCandidates } from './check-candidates.ts'
import { referenceEstimators } from './fitting-estimators.ts'
import { type Proposed, proposeCandidates, type SelectionFacts } from './propose-candidates.ts'

export interface SelectionRequest {
  readonly problem: Pick<Problem, 'type' | 'constraints'>
  /** Candidates of the project file; empty asks for a proposal. */
  readonly candidates: readonly Candidate[]
  readonly facts: SelectionFacts
}

export interface SelectedCandidates {
  readonly selection: Selection
  readonly candidates: readonly Candidate[]
}

/**
 * Stage 5: who competes. The project's candidates, or a proposal with its reasons; when there is a
 * target, the naive baseline and the simple rule are always among them.
 *
 * @throws CANDIDATE_NAME_TAKEN, CANDIDATE_ESTIMATOR_UNFIT, CANDIDATE_MEMBER_UNKNOWN,
 *   CANDIDATE_MEMBERS_INVALID, CANDIDATE_FILE_MISSING
 */
export function selectCandidates(request: SelectionRequest): SelectedCandidates {
  const { problem, candidates, facts } = request
  checkCandidates(problem.type, candidates)
  const proposal = candidates.length === 0 ? proposeCandidates(problem, facts) : undefined
  const chosen: readonly Proposed[] = proposal?.proposed ?? candidates.map(declared)
  const all = [...missingReferences(problem, chosen), ...chosen]
  return {
    selection: {
      proposed: proposal !== undefined,
      candidates: all.map(({ candidate, reasons }) => ({
        name: candidate.name,
        estimator: candidate.estimator,
        reasons: [...reasons],
      })),
      excluded: (proposal?.excluded ?? []).map(({ estimator, reasons }) => ({
        estimator,
        reasons: [...reasons],
      })),
    },
    candidates: all.map(({ candidate }) => candidate),
  }
}

function declared(candidate: Candidate): Proposed {
  const message = candidate.why ?? 'Named in the project file.'
  return { candidate, reasons: [{ code: 'declared', message, values: {} }] }
}

function missingReferences(
  problem: Pick<Problem, 'type'>,
  chosen: readonly Proposed[],
): readonly Proposed[] {
  return referenceEstimators(problem.type)
    .filter((estimator) => chosen.every(({ candidate }) => candidate.estimator !== estimator))
    .map((estimator) => ({
      candidate: { name: freeName(estimator, chosen), estimator, parameters: {} },
      reasons: [referenceReason(estimator)],
    }))
}

function freeName(estimator: EstimatorName, chosen: readonly Proposed[]): string {
  const taken = new Set(chosen.map(({ candidate }) => candidate.name))
  let name: string = estimator
  for (let i = 2; taken.has(name); i++) name = `${estimator}-${i}`
  return name
}

function referenceReason(estimator: EstimatorName): Reason {
  const message =
    estimator === 'baseline'
      ? 'Every model must beat the answer that looks at nothing.'
      : 'Every model must beat a rule that fits on a note.'
  return { code: 'reference-always-competes', message, values: { estimator } }
}
