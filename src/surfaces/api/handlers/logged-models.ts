import { guard } from '../caller.ts'
import type { HandlersOf } from '../handler.ts'
import { searchOptions, wirePage } from '../http/search-options.ts'
import { visibleExperiments } from './visible-experiments.ts'
import { wireLoggedModel } from './wire-tracking.ts'

export const loggedModelHandlers: HandlersOf<'loggedModels'> = {
  'loggedModels.list': async (call) => {
    const { context, query } = call
    const experimentIds = await visibleExperiments(call, query.experimentIds)
    const page = await context.tracking.searchLoggedModels({
      ...searchOptions(call, query),
      experimentIds,
    })
    return wirePage(page, wireLoggedModel)
  },
  'loggedModels.get': async (call) => {
    const model = await call.context.tracking.loggedModel(call.params.modelId)
    await guard(call, model.project, `logged-model/${model.id}`)
    return wireLoggedModel(model)
  },
}
