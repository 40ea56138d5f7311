import type { Source } from '../../core/records/index.ts'
import { errors } from './errors.ts'

/**
 * Names of the sources in an order in which every source comes after those its `reference`
 * expectations name; otherwise as written. A reference to the own table is no dependency.
 *
 * @throws SOURCE_CYCLE, EXPECTATION_SOURCE_NOT_FOUND
 */
export function sourceOrder(sources: Readonly<Record<string, Source>>): string[] {
  const ordered: string[] = []
  const path: string[] = []
  const visit = (name: string): void => {
    if (ordered.includes(name)) return
    const repeated = path.indexOf(name)
    if (repeated !== -1) throw errors.SOURCE_CYCLE({ sources: [...path.slice(repeated), name] })
    path.push(name)
    for (const reference of referencesOf(name, sources)) visit(reference)
    path.pop()
    ordered.push(name)
  }
  for (const name of Object.keys(sources)) visit(name)
  return ordered
}

function referencesOf(name: string, sources: Readonly<Record<string, Source>>): string[] {
  const known = Object.keys(sources)
  const references: string[] = []
  for (const rule of sources[name]?.expectations ?? []) {
    if (rule.expect !== 'reference' || rule.source === name) continue
    if (!known.includes(rule.source)) {
      throw errors.EXPECTATION_SOURCE_NOT_FOUND({
        source: name,
        expectation: rule.name ?? `reference ${rule.column}`,
        reference: rule.source,
        known,
      })
    }
    references.push(rule.source)
  }
  return references
}
