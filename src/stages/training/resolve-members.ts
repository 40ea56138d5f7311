import type { Candidate } from '../../core/records/index.ts'
import { trainingErrors } from './errors.ts'

/**
 * The candidates that vote in a candidate; empty when it does not vote.
 * @throws CANDIDATE_UNKNOWN
 */
export function resolveMembers(candidate: Candidate, all: readonly Candidate[]): Candidate[] {
  return (candidate.members ?? []).map((name) => {
    const member = all.find((other) => other.name === name)
    if (member === undefined) {
      throw trainingErrors.CANDIDATE_UNKNOWN({ candidate: candidate.name, member: name })
    }
    return member
  })
}
