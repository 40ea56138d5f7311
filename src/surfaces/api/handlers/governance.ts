import type { Place } from '../../../stages/registry/governance/index.ts'
import { actorOf, guard, readableProjects } from '../caller.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { permittedModel } from './models.ts'
import { wireEvent, wireRequest, wireRule, wireStanding } from './wire-governance.ts'

type AnyCall = Pick<Call, 'request' | 'context' | 'operation'>

async function standing(
  call: AnyCall,
  model: string,
  at: { place: Place; atMs?: number | undefined },
) {
  await permittedModel(call, model)
  return wireStanding(await call.context.governance.standingAt(model, at.place, at.atMs))
}

export const environmentHandlers: HandlersOf<'environments'> = {
  'environments.get': (call) => {
    const { model, environment } = call.params
    return standing(call, model, { place: { environment }, atMs: call.query.atMs })
  },
  'environments.promote': async (call) => {
    const { body, context, params } = call
    await permittedModel(call, params.model)
    return wireEvent(await context.governance.promote(actorOf(call), { ...params, ...body }))
  },
  'environments.rollBack': async (call) => {
    const { body, context, params } = call
    await permittedModel(call, params.model)
    return wireEvent(await context.governance.rollBack(actorOf(call), { ...params, ...body }))
  },
  'environments.rule': async (call) => {
    const { context, params } = call
    await permittedModel(call, params.model)
    return wireRule(await context.governance.rule(params.model, params.environment))
  },
  'environments.setRule': async (call) => {
    const { body, context, params } = call
    const { project } = await permittedModel(call, params.model)
    await context.governance.setRule(actorOf(call), { ...params, ...body, project })
    return undefined
  },
}

export const historyHandlers: HandlersOf<'history'> = {
  'history.list': async (call) => {
    const { context, params, query } = call
    await permittedModel(call, params.model)
    const events = await context.governance.history({ ...params, ...query })
    return { items: events.map(wireEvent) }
  },
}

export const approvalHandlers: HandlersOf<'approvals'> = {
  'approvals.list': async (call) => {
    const requests = await call.context.governance.requests({
      ...call.query,
      projects: readableProjects(call),
    })
    return { items: requests.map(wireRequest) }
  },
  'approvals.create': async (call) => {
    const { body, context } = call
    await permittedModel(call, body.model)
    return wireRequest(await context.governance.requestPromotion(actorOf(call), body))
  },
  'approvals.get': async (call) => {
    const found = await call.context.governance.request(call.params.request)
    await guard(call, found.project, `approval/${found.id}`)
    return wireRequest(found)
  },
  'approvals.decide': async (call) => {
    const { body, context, params } = call
    const found = await context.governance.request(params.request)
    await guard(call, found.project, `approval/${found.id}`)
    return wireRequest(await context.governance.decide(actorOf(call), { ...params, ...body }))
  },
}

export const cardHandlers: HandlersOf<'cards'> = {
  'cards.get': async (call) => {
    const { model, version } = call.params
    await permittedModel(call, model)
    const { page, facts, revisions } = await call.context.lifecycle.readCard(model, version)
    return { page, facts, revision: revisions[0]?.revision ?? 0 }
  },
  'cards.list': async (call) => {
    const { model, version } = call.params
    await permittedModel(call, model)
    const revisions = await call.context.governance.cardRevisions(model, version)
    return { items: revisions.map((revision) => ({ ...revision })) }
  },
  'cards.edit': async (call) => {
    const { body, context, params } = call
    await permittedModel(call, params.model)
    return context.governance.editCard(actorOf(call), { ...params, ...body })
  },
}
