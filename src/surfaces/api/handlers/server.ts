import { actorOf, guard } from '../caller.ts'
import type { Call, HandlersOf } from '../handler.ts'

export const serverHandlers: HandlersOf<'server'> = {
  'server.get': async ({ context }) => ({
    version: context.version,
    database: context.database.dialect,
    startedAtMs: context.startedAtMs,
  }),
  'server.me': async ({ request }) => {
    const { kind, name, defaultProject } = request.principal
    const readable = request.principal.readableProjects()
    return {
      kind,
      name,
      defaultProject,
      readableProjects: readable === 'all' ? readable : [...readable],
    }
  },
}

export const projectHandlers: HandlersOf<'projects'> = {
  'projects.list': async ({ context, request }) => {
    const readable = request.principal.readableProjects()
    const [experiments, models, records] = await Promise.all([
      countByProject(context, 'experiments'),
      countByProject(context, 'catalog_models'),
      countByProject(context, 'records'),
    ])
    const names = new Set([...experiments.keys(), ...models.keys(), ...records.keys()])
    const items = [...names]
      .filter((name) => readable === 'all' || readable.includes(name))
      .sort()
      .map((name) => ({
        name,
        experiments: experiments.get(name) ?? 0,
        models: models.get(name) ?? 0,
        records: records.get(name) ?? 0,
      }))
    return { items }
  },
  'projects.setRule': async (call) => {
    const { body, context, params } = call
    await guard(call, params.project)
    await context.governance.setRule(actorOf(call), { ...params, ...body })
    return undefined
  },
}

type Counts = ReadonlyMap<string, number>

async function countByProject(
  { database }: Call['context'],
  table: 'experiments' | 'catalog_models' | 'records',
): Promise<Counts> {
  const rows = await database.queries
    .selectFrom(table)
    .select(({ fn }) => ['project', fn.countAll<number>().as('n')])
    .groupBy('project')
    .execute()
  return new Map(rows.map(({ project, n }) => [project, Number(n)]))
}
