import type {
  Evaluation,
  Feasibility,
  Frame,
  Project,
  Run,
  Snapshot,
  Verdict,
} from '../../core/records/index.ts'

/** The records a card is written from; every figure in it comes from one of them. */
export interface ModelCardFacts {
  readonly project: Project
  readonly run: Run
  readonly evaluation: Evaluation
  readonly verdict: Verdict
  readonly frame: Frame
  readonly feasibility: Feasibility
  /** By source name. */
  readonly snapshots: Readonly<Record<string, Snapshot>>
}
