import type { Generated } from 'kysely'

/** Tables of the catalog migration: registered models, their versions and what was decided about them. */
export interface CatalogTables {
  readonly catalog_models: {
    number: Generated<number>
    /** Unique among models that are not deleted. */
    name: string
    project: string
    description: string
    created_at_ms: number
    updated_at_ms: number
    /** The highest number ever given to a version of it. */
    last_version: Generated<number>
    deleted_at_ms: number | null
  }
  readonly catalog_versions: {
    model: number
    version: number
    created_at_ms: number
    updated_at_ms: number
    description: string
    user_name: string
    stage: string
    source: string
    artifact_uri: string
    run_id: string | null
    run_link: string | null
    model_id: string | null
    status: string
    status_message: string | null
    record_id: string | null
    evaluation: string | null
    verdict: string | null
    /** `yes`, `no`, or null when no gate has judged it. */
    outcome: string | null
    retired_at_ms: number | null
    deleted_at_ms: number | null
  }
  readonly catalog_model_tags: { model: number; key: string; value: string }
  readonly catalog_version_tags: { model: number; version: number; key: string; value: string }
  readonly catalog_aliases: { model: number; alias: string; version: number }
  /** What stands where now; follows from the events. */
  readonly catalog_standings: { model: number; environment: string; version: number }
  readonly catalog_events: {
    sequence: Generated<number>
    id: string
    at_ms: number
    model: number
    /** The name that the model had then. */
    model_name: string
    project: string
    subject: string
    /** The alias or the environment; empty for events of a version or a model. */
    place: string
    action: string
    version: number | null
    previous: number | null
    actor: string
    origin: string
    reason: string
    /** JSON of an `Evidence`. */
    evidence_json: string
  }
  /** Every rule that ever held: the newest of a scope holds now; null ends it. */
  readonly catalog_rules: {
    sequence: Generated<number>
    project: string
    /** A model's number, or 0 for all models of the project. */
    model: number
    environment: string
    rule_json: string | null
    at_ms: number
    actor: string
    origin: string
    reason: string
  }
  readonly catalog_approval_requests: {
    id: string
    model: number
    version: number
    environment: string
    requested_by: string
    origin: string
    reason: string
    requested_at_ms: number
    expires_at_ms: number
    /** The event of the promotion that used it, or null. */
    used_by_event: string | null
  }
  readonly catalog_approval_decisions: {
    sequence: Generated<number>
    request: string
    approver: string
    origin: string
    decision: string
    reason: string
    at_ms: number
  }
  readonly catalog_card_revisions: {
    model: number
    version: number
    revision: number
    text: string
    author: string
    origin: string
    reason: string
    at_ms: number
  }
  /** Artifact folders whose rows are gone already: to be deleted before the claim is. */
  readonly garbage_claims: { path: string; claimed_at_ms: number }
}
