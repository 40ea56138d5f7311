import type { RegisteredModel } from '../../../stages/registry/catalog/index.ts'
import { actorOf, guard } from '../caller.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { requireTag } from '../http/entity-tag.ts'
import { searchOptions, wirePage } from '../http/search-options.ts'
import { wireStanding } from './wire-governance.ts'
import { wireModel } from './wire-registry.ts'

/** The model, when the caller may do with it what the operation does. */
export async function permittedModel(
  call: Pick<Call, 'request' | 'context' | 'operation'>,
  name: string,
): Promise<RegisteredModel> {
  const model = await call.context.catalog.model(name)
  await guard(call, model.project, `model/${name}`)
  return model
}

export const modelHandlers: HandlersOf<'models'> = {
  'models.list': async (call) => {
    const page = await call.context.catalog.searchModels(searchOptions(call, call.query))
    return wirePage(page, wireModel)
  },
  'models.create': async (call) => {
    const { body, context, request } = call
    const project = body.project ?? request.principal.defaultProject
    await guard(call, project, `model/${body.name}`)
    return wireModel(await context.catalog.createModel(actorOf(call), { ...body, project }))
  },
  'models.get': async (call) => wireModel(await permittedModel(call, call.params.model)),
  'models.update': async (call) => {
    const { body, context, params } = call
    requireTag(call, wireModel(await permittedModel(call, params.model)))
    const { catalog } = context
    return wireModel(await catalog.describeModel(actorOf(call), params.model, body.description))
  },
  'models.delete': async (call) => {
    await permittedModel(call, call.params.model)
    await call.context.catalog.deleteModel(actorOf(call), call.params.model)
    return undefined
  },
}

export const aliasHandlers: HandlersOf<'aliases'> = {
  'aliases.set': async (call) => {
    const { body, context, params } = call
    await permittedModel(call, params.model)
    await context.catalog.setAlias(actorOf(call), { ...params, ...body })
    return undefined
  },
  'aliases.get': async (call) => {
    const { context, params, query } = call
    await permittedModel(call, params.model)
    const { alias, model } = params
    return wireStanding(await context.governance.standingAt(model, { alias }, query.atMs))
  },
  'aliases.delete': async (call) => {
    const { context, params } = call
    await permittedModel(call, params.model)
    await context.catalog.deleteAlias(actorOf(call), params.model, params.alias)
    return undefined
  },
}
