import { readableProjects } from '../caller.ts'
import type { Call } from '../handler.ts'

/** Experiments of one search at most. */
const MANY = 50_000

/** Experiments by the comma-separated ids that were asked for; all visible ones when none were. */
export async function visibleExperiments(
  call: Pick<Call, 'request' | 'context'>,
  experimentIds: string | undefined,
): Promise<readonly string[]> {
  if (experimentIds !== undefined) {
    return experimentIds
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '')
  }
  const { items } = await call.context.tracking.searchExperiments({
    projects: readableProjects(call),
    view: 'active',
    maxResults: MANY,
  })
  return items.map(({ id }) => id)
}
