import {
  type DeploymentPolicy,
  type RolloutStrategy,
  strategySchema,
} from '../../core/records/index.ts'
import { rolloutErrors } from './errors.ts'

/**
 * A strategy given by hand: a kind, with the project file's rules when it declares that kind and the
 * defaults else, or a JSON document as the project file has it.
 * @returns undefined for the project's own
 * @throws STRATEGY_INVALID
 */
export function readStrategy(
  text: string | undefined,
  policy: DeploymentPolicy,
): RolloutStrategy | undefined {
  if (text === undefined || text === policy.strategy.kind) return undefined
  const given = text.trimStart().startsWith('{') ? jsonOf(text) : { kind: text }
  const parsed = strategySchema.safeParse(given)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
    .join('; ')
  throw rolloutErrors.STRATEGY_INVALID({ got: shown(text), issues })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const issues = cause instanceof Error ? cause.message : String(cause)
    throw rolloutErrors.STRATEGY_INVALID({ got: shown(text), issues }, cause)
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
}
