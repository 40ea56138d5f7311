import type { GarbagePlan } from '../../../flows/index.ts'
import { actorOf, guard } from '../caller.ts'
import type { HandlersOf } from '../handler.ts'

const EVERYWHERE = '*'

export const jobHandlers: HandlersOf<'jobs'> = {
  'jobs.list': async (call) => {
    await guard(call, EVERYWHERE)
    const rows = await call.context.database.queries
      .selectFrom('jobs')
      .selectAll()
      .orderBy('name')
      .execute()
    const items = rows.map((row) => ({
      name: row.name,
      nextDueMs: row.next_due_ms,
      lastStartedMs: row.last_started_ms,
      lastEndedMs: row.last_ended_ms,
      lastError: row.last_error,
    }))
    return { items }
  },
}

function countsOf(plan: GarbagePlan) {
  return {
    runs: plan.runs.length,
    loggedModels: plan.loggedModels.length,
    experiments: plan.experiments.length,
    versions: plan.versions.length,
    models: plan.models.length,
    outdated: plan.outdated.length,
  }
}

export const garbageHandlers: HandlersOf<'garbage'> = {
  'garbage.plan': async (call) => {
    await guard(call, EVERYWHERE)
    const plan = await call.context.lifecycle.planGarbage(call.query)
    const { orphans, kept, elsewhere } = plan
    return {
      ...countsOf(plan),
      orphans: [...orphans],
      kept: [...kept],
      elsewhere: [...elsewhere],
    }
  },
  'garbage.collect': async (call) => {
    await guard(call, EVERYWHERE)
    const collected = await call.context.lifecycle.collectGarbage(actorOf(call), call.body)
    return { ...collected, skipped: [...collected.skipped] }
  },
}
