import path from 'node:path'
import type { ArtifactFiles } from '../../../platform/artifact-files/index.ts'
import type { Actor } from '../../../platform/database/index.ts'
import type { TrackingStore } from '../../../platform/tracking/index.ts'
import type { ModelCatalog } from '../../../stages/registry/catalog/index.ts'
import type { Governance } from '../../../stages/registry/governance/index.ts'
import type { GarbageWish, LifecycleWork } from '../../api/index.ts'
import type { ServerContext } from '../../server/index.ts'

const DAY_MS = 86_400_000

export interface LifecycleParts {
  readonly context: ServerContext
  readonly tracking: TrackingStore
  readonly catalog: ModelCatalog
  readonly governance: Governance
  readonly files: ArtifactFiles
}

/** Flows for the API, loaded when they are first asked for: a start has no need of their engines. */
export function lifecycleWork({
  context,
  tracking,
  catalog,
  governance,
  files,
}: LifecycleParts): LifecycleWork {
  const { clock, database, dataFolder, listener } = context
  const garbage = { database, clock, files }
  const plan = async (wish: GarbageWish) => {
    const { planGarbage } = await import('../../../flows/index.ts')
    const { olderThanDays, keepVersions } = wish
    return planGarbage(garbage, { olderThanMs: olderThanDays * DAY_MS, keepVersions })
  }
  return {
    async adopt(by, wish) {
      const [{ adoptVersion }, { openArtifactStore }, { ensurePythonEnvironment }] =
        await Promise.all([
          import('../../../flows/index.ts'),
          import('../../../platform/storage/index.ts'),
          import('../../../platform/workers/index.ts'),
        ])
      return adoptVersion({
        ...wish,
        by,
        database,
        clock,
        listener,
        catalog,
        files,
        artifacts: openArtifactStore(path.join(dataFolder, 'artifacts')),
        python: async () => (await ensurePythonEnvironment()).python,
        metricsOf: async (runId) => {
          const { metrics } = await tracking.run(runId)
          return Object.fromEntries(metrics.map(({ key, value }) => [key, value]))
        },
      })
    },
    async readCard(model, version) {
      const [{ readCard }, { openArtifactStore }] = await Promise.all([
        import('../../../flows/index.ts'),
        import('../../../platform/storage/index.ts'),
      ])
      const artifacts = openArtifactStore(path.join(dataFolder, 'artifacts'))
      return readCard({ database, artifacts, catalog, governance, model, version })
    },
    planGarbage: plan,
    async collectGarbage(by: Actor, wish) {
      const { collectGarbage } = await import('../../../flows/index.ts')
      return collectGarbage({ ...garbage, by, catalog, listener }, await plan(wish))
    },
  }
}
