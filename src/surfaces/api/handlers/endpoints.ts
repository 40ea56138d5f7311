import { endpointStateSchema } from '../../../core/records/index.ts'
import { endpointStateName } from '../../../stages/deployment/index.ts'
import { guard } from '../caller.ts'
import { apiErrors } from '../errors.ts'
import type { HandlersOf } from '../handler.ts'

interface StateRow {
  readonly revision: number
  readonly json: string
}

function wireEndpoint({ revision, json }: StateRow) {
  return { revision, state: endpointStateSchema.parse(JSON.parse(json)) }
}

export const endpointHandlers: HandlersOf<'endpoints'> = {
  'endpoints.list': async (call) => {
    const { context, params } = call
    await guard(call, params.project)
    const rows = await context.database.queries
      .selectFrom('states')
      .select(['revision', 'json'])
      .where('project', '=', params.project)
      .where('name', 'like', `${endpointStateName('')}%`)
      .orderBy('name')
      .execute()
    return { items: rows.map(wireEndpoint) }
  },
  'endpoints.get': async (call) => {
    const { context, params } = call
    const { project, endpoint } = params
    await guard(call, project, `endpoint/${endpoint}`)
    const row = await context.database.queries
      .selectFrom('states')
      .select(['revision', 'json'])
      .where('project', '=', project)
      .where('name', '=', endpointStateName(endpoint))
      .executeTakeFirst()
    if (row === undefined) {
      throw apiErrors.RECORD_NOT_FOUND({ kind: 'endpoint', id: endpoint, project })
    }
    return wireEndpoint(row)
  },
}
