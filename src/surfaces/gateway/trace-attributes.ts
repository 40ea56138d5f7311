import type { Attributes } from '../../platform/telemetry/index.ts'
import type { Routed } from './served-endpoint.ts'

/** What a span says of the model that answers: never what it was asked. */
export function modelAttributes(
  endpoint: string,
  { chosen }: Pick<Routed, 'chosen'>,
  rows: number,
): Attributes {
  return {
    'esteira.model.name': endpoint,
    'esteira.model.version': chosen.version,
    'esteira.model.role': chosen.role,
    'esteira.rows': rows,
  }
}

/** How many feature views are looked up for each row. */
export function viewAttributes({ revision }: Pick<Routed, 'revision'>): Attributes {
  return { 'esteira.views': revision.plan.views.length }
}
