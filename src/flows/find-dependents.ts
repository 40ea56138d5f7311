import type { EndpointState } from '../core/records/index.ts'
import { challengerOf, endpointStateName } from '../stages/deployment/index.ts'
import type { FindDependents } from '../stages/registry/catalog/index.ts'

/** Endpoints that serve a version, keep it warm for the way back, or roll it out. */
export const findDependents: FindDependents = async (transaction, { model, project, version }) => {
  const rows = await transaction
    .selectFrom('states')
    .select('json')
    .where('project', '=', project)
    .where('name', 'like', `${endpointStateName('')}%`)
    .orderBy('name')
    .execute()
  return rows.flatMap(({ json }) => {
    const state: EndpointState = JSON.parse(json)
    if (state.model !== model) return []
    const roles = [
      ...(state.stable === version ? ['serves it'] : []),
      ...(state.previous === version ? ['keeps it for the way back'] : []),
      ...(challengerOf(state)?.version === version ? ['rolls it out'] : []),
    ]
    return roles.map((role) => `the endpoint ${state.endpoint} ${role}`)
  })
}
