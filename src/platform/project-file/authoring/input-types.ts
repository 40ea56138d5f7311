import type { ProjectInput } from '../../../core/records/index.ts'

/** What may be written for one source. */
export type SourceInput = ProjectInput['sources'][string]
/** What may be written for one source of a kind, without the kind itself. */
export type SourceOptions<K extends SourceInput['kind']> = Omit<
  Extract<SourceInput, { kind: K }>,
  'kind'
>
/** What may be written for one expectation of a source. */
export type ExpectationInput = NonNullable<SourceInput['expectations']>[number]
export type EntityInput = NonNullable<ProjectInput['entities']>[string]
export type FeatureViewInput = NonNullable<ProjectInput['featureViews']>[string]
export type CandidateInput = NonNullable<ProjectInput['candidates']>[number]
export type RolloutInput = NonNullable<NonNullable<ProjectInput['deployment']>['strategy']>
