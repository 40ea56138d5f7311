import type { Project } from '../../core/records/index.ts'
import type { IssueFacts } from './issue.ts'

/** What judges predictions needs them to be kept. */
export function checkLog({ deployment, retraining }: Project): IssueFacts[] {
  if (deployment.predictionLog.keep === 'all') return []
  const because = 'since deployment.predictionLog.keep is "none" and nothing can be judged'
  const facts: IssueFacts[] = []
  const { kind } = deployment.strategy
  if (kind !== 'blue-green') {
    const expected = `"blue-green", ${because}`
    facts.push({ path: ['deployment', 'strategy', 'kind'], expected, got: `"${kind}"` })
  }
  for (const [index, { on }] of retraining.triggers.entries()) {
    if (on === 'schedule') continue
    const expected = `"schedule", ${because}`
    facts.push({ path: ['retraining', 'triggers', index, 'on'], expected, got: `"${on}"` })
  }
  return facts
}
