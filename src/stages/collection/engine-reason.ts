import { isPlatformError } from '../../core/errors/index.ts'

/**
 * What an engine's error says is wrong, without its advice about its own options.
 * @throws the error itself when it is about this machine's storage, not about the data.
 */
export function engineReason(error: unknown): string {
  if (isPlatformError(error, 'STORAGE_FULL')) throw error
  const inner = isPlatformError(error) ? error.details.reason : undefined
  const text =
    typeof inner === 'string' ? inner : error instanceof Error ? error.message : `${error}`
  const advice = text.search(/\n\s*\n|\nPossible (?:fixes|solutions)|\nLINE \d+:/)
  return (advice === -1 ? text : text.slice(0, advice)).trim()
}
