import type { Candidate, ProblemType } from '../../core/records/index.ts'
import { selectionErrors } from './errors.ts'
import { FITTING_ESTIMATORS } from './fitting-estimators.ts'

/**
 * Checks that candidates can compete at all.
 * @throws CANDIDATE_NAME_TAKEN, CANDIDATE_ESTIMATOR_UNFIT, CANDIDATE_MEMBER_UNKNOWN,
 *   CANDIDATE_MEMBERS_INVALID, CANDIDATE_FILE_MISSING
 */
export function checkCandidates(type: ProblemType, candidates: readonly Candidate[]): void {
  const byName = new Map<string, Candidate>()
  for (const candidate of candidates) {
    if (byName.has(candidate.name)) {
      throw selectionErrors.CANDIDATE_NAME_TAKEN({ candidate: candidate.name })
    }
    byName.set(candidate.name, candidate)
  }
  for (const candidate of candidates) {
    checkEstimator(type, candidate)
    if (candidate.estimator === 'voting') checkMembers(candidate, byName)
    else if (candidate.members !== undefined) {
      const reason = `the estimator "${candidate.estimator}" takes no members`
      throw selectionErrors.CANDIDATE_MEMBERS_INVALID({ candidate: candidate.name, reason })
    }
  }
}

function checkEstimator(type: ProblemType, { name, estimator, file }: Candidate): void {
  const fitting = FITTING_ESTIMATORS[type]
  if (!fitting.includes(estimator)) {
    throw selectionErrors.CANDIDATE_ESTIMATOR_UNFIT({
      candidate: name,
      estimator,
      problemType: type,
      fitting,
    })
  }
  if (estimator === 'custom' && file === undefined) {
    throw selectionErrors.CANDIDATE_FILE_MISSING({ candidate: name })
  }
}

function checkMembers(candidate: Candidate, byName: ReadonlyMap<string, Candidate>): void {
  const members = candidate.members ?? []
  const invalid = (reason: string) =>
    selectionErrors.CANDIDATE_MEMBERS_INVALID({ candidate: candidate.name, reason })
  if (new Set(members).size < 2) throw invalid(`there are ${new Set(members).size}, needed are two`)
  for (const name of members) {
    const member = byName.get(name)
    if (member === undefined) {
      const known = [...byName.keys()].filter((other) => other !== candidate.name)
      throw selectionErrors.CANDIDATE_MEMBER_UNKNOWN({
        candidate: candidate.name,
        member: name,
        known,
      })
    }
    if (member.estimator === 'voting') throw invalid(`"${name}" votes itself`)
  }
}
