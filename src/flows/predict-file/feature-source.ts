import type { OnlineView } from '../../stages/features/index.ts'
import type { Platform } from '../platform.ts'
import { predictFileErrors } from './errors.ts'
import {
  type FeatureHistory,
  historicFeatures,
  type LookUpFeatures,
  onlineFeatures,
} from './look-up-features.ts'

export interface FeatureSource {
  readonly kind: 'none' | 'online' | 'history'
  readonly lookUp: LookUpFeatures
}

/**
 * Where a version's features come from: nowhere, the online store, or the newest history of each
 * view.
 * @throws FEATURE_HISTORY_MISSING
 */
export async function featureSource(
  parts: Pick<Platform, 'store' | 'artifacts' | 'engine' | 'online' | 'project'>,
  views: readonly OnlineView[],
  { folder, isHistoric }: { readonly folder: string; readonly isHistoric: boolean },
): Promise<FeatureSource> {
  const { engine, project, online } = parts
  const usesDefaults = project.deployment.missingFeatures === 'default'
  if (views.length === 0) {
    return { kind: 'none', lookUp: async () => ({ cells: {}, lacking: new Map() }) }
  }
  if (isHistoric) {
    const tables = await newestTables(parts, views)
    const history = { engine, folder, project, tables, usesDefaults }
    return { kind: 'history', lookUp: historicFeatures(history, views) }
  }
  for (const { view } of views) {
    if (project.featureViews[view]?.online === true) continue
    throw predictFileErrors.FEATURE_HISTORY_MISSING({ view, reason: 'the view is not online' })
  }
  return { kind: 'online', lookUp: onlineFeatures(online, views, usesDefaults) }
}

async function newestTables(
  { store, artifacts }: Pick<Platform, 'store' | 'artifacts'>,
  views: readonly OnlineView[],
): Promise<FeatureHistory['tables']> {
  const all = (await store.list('feature-table')).map(({ record }) => record)
  const tables = views.map(({ view, inputs }) => {
    const table = all.find(
      (candidate) => candidate.view === view && artifacts.has(candidate.table.digest),
    )
    const lacking = inputs.find(
      ({ feature }) => !table?.features.some((known) => known.name === feature),
    )
    if (table !== undefined && lacking === undefined) {
      return [view, { table, path: artifacts.pathOf(table.table.digest) }] as const
    }
    const reason =
      table === undefined ? 'no history of it is stored' : `it has no ${lacking?.feature}`
    throw predictFileErrors.FEATURE_HISTORY_MISSING({ view, reason })
  })
  return new Map(tables)
}
