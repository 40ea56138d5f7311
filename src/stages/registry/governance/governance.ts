import type { Environment } from '../../../core/records/index.ts'
import type { Actor } from '../../../platform/database/index.ts'
import type { HistoryOptions, RegistryEvent } from '../catalog/history.ts'
import type { CatalogVersion } from '../catalog/registered-model.ts'
import type { PromotionRule } from './promotion-rule.ts'

export interface PromotionWish {
  readonly model: string
  readonly version: number
  readonly environment: Environment
  readonly reason: string
}

export const REQUEST_STATES = ['open', 'approved', 'rejected', 'expired', 'used'] as const
export type RequestState = (typeof REQUEST_STATES)[number]

/** Somebody's wish to promote a version, and what others decided about it. */
export interface ApprovalRequest {
  readonly id: string
  readonly model: string
  readonly project: string
  readonly version: number
  readonly environment: Environment
  readonly requestedBy: string
  readonly requestedAtMs: number
  readonly expiresAtMs: number
  readonly reason: string
  readonly state: RequestState
  /** Approvals that the rule in force asks for. */
  readonly needed: number
  readonly decisions: readonly {
    readonly by: string
    readonly decision: 'approve' | 'reject'
    readonly reason: string
    readonly atMs: number
  }[]
}

/** A rule, and where it comes from. */
export interface RuleInForce {
  readonly rule: PromotionRule
  readonly origin: 'model' | 'project' | 'default'
}

/** What stood where at a moment: who put it there, who approved it, on which evidence. */
export interface Standing {
  readonly version: number
  /** The event that put it there. */
  readonly event: RegistryEvent
  /** The version as it is known today; null when it was deleted since. */
  readonly details: CatalogVersion | null
}

export type Place =
  | { readonly environment: Environment; readonly alias?: undefined }
  | { readonly alias: string; readonly environment?: undefined }

/** What people wrote about a version; the generated facts are kept apart and always shown. */
export interface CardRevision {
  readonly revision: number
  /** Markdown, at most 100,000 characters. */
  readonly text: string
  readonly author: string
  readonly reason: string
  readonly atMs: number
}

/**
 * Environments, approvals, rules, retirement, and what was decided when.
 *
 * Errors of all: MODEL_NOT_FOUND, VERSION_NOT_FOUND, REASON_NEEDED, and those of the database.
 */
export interface Governance {
  /** @throws PROMOTION_SKIPS, VERSION_NOT_APPROVED, VERSION_RETIRED, APPROVAL_NEEDED */
  promote(by: Actor, wish: PromotionWish): Promise<RegistryEvent>
  /** One call back to the version before. @throws NOTHING_TO_ROLL_BACK */
  rollBack(by: Actor, wish: Omit<PromotionWish, 'version'>): Promise<RegistryEvent>

  requestPromotion(by: Actor, wish: PromotionWish): Promise<ApprovalRequest>
  /**
   * @throws APPROVAL_REQUEST_NOT_FOUND, APPROVAL_REQUEST_CLOSED, APPROVAL_BY_ANOTHER,
   * APPROVER_ROLE_NEEDED, DECIDED_ALREADY
   */
  decide(
    by: Actor,
    decision: {
      readonly request: string
      readonly decision: 'approve' | 'reject'
      readonly reason: string
    },
  ): Promise<ApprovalRequest>
  /** @throws APPROVAL_REQUEST_NOT_FOUND */
  request(id: string): Promise<ApprovalRequest>
  /** Newest first, at most `limit` (default 100). */
  requests(options?: {
    readonly model?: string | undefined
    readonly projects?: readonly string[] | undefined
    readonly limit?: number | undefined
  }): Promise<ApprovalRequest[]>

  rule(model: string, environment: Environment): Promise<RuleInForce>
  /**
   * Sets a rule for one model, or for a whole project; missing fields take their defaults. Null ends
   * the rule of that scope.
   * @throws PROMOTION_RULE_INVALID
   */
  setRule(
    by: Actor,
    change: {
      readonly project: string
      readonly model?: string | undefined
      readonly environment: Environment
      readonly rule: unknown
      readonly reason: string
    },
  ): Promise<void>

  /** What stood in an environment, or behind an alias, at a moment (now when absent), if anything. */
  standingAt(model: string, place: Place, atMs?: number): Promise<Standing | undefined>
  /** Newest first. */
  history(options: HistoryOptions): Promise<RegistryEvent[]>

  /**
   * Takes a version out of use for good: it keeps its files until they are collected as garbage.
   * @throws VERSION_IN_USE with all that depends on it
   */
  retire(
    by: Actor,
    wish: { readonly model: string; readonly version: number; readonly reason: string },
  ): Promise<CatalogVersion>

  /** Revisions of what people wrote, newest first. */
  cardRevisions(model: string, version: number): Promise<CardRevision[]>
  /** @throws CARD_TOO_LONG, CARD_CHANGED when `after` is no longer the newest revision */
  editCard(
    by: Actor,
    edit: {
      readonly model: string
      readonly version: number
      readonly text: string
      readonly reason: string
      /** The revision that the editor has read; 0 when there was none. */
      readonly after: number
    },
  ): Promise<CardRevision>
}
