import { type KnownColumn, readExpression } from '../../core/expressions/index.ts'
import type { Project } from '../../core/records/index.ts'
import type { IssueFacts, ProjectPath } from './issue.ts'

/** What columns hold, by input name, as far as it is known. */
export type ColumnKinds = ReadonlyMap<string, 'number' | 'text'>

/**
 * Checks the expressions of computed inputs: that each can be read, names only inputs and features,
 * and has a name of its own.
 * @param kinds of inputs and features; without them, types are checked as far as the text tells
 */
export function checkOnDemand(project: Project, kinds: ColumnKinds = new Map()): IssueFacts[] {
  const { onDemand } = project.dataset
  const names = Object.keys(onDemand)
  if (names.length === 0) return []
  const { columns, openViews } = columnsInReach(project, kinds)
  return Object.entries(onDemand).flatMap(([name, text]): IssueFacts[] => {
    const path = ['dataset', 'onDemand', name]
    const wrongName = checkName(project, name, path)
    const isOpen = (column: string) => openViews.some((view) => column.startsWith(`${view}__`))
    const reading = readExpression(text, columns, isOpen)
    if (reading.kind === 'expression') return wrongName
    const { at, expected, got, didYouMean, column: unknown } = reading.fault
    const isComputed = unknown !== undefined && names.includes(unknown)
    const what = isComputed ? `${expected} (computed inputs cannot refer to each other)` : expected
    return [...wrongName, { path, expected: `${what} at character ${at + 1}`, got, didYouMean }]
  })
}

/** Inputs and features by their input names, and the views whose features only their SQL knows. */
function columnsInReach({ dataset, featureViews }: Project, kinds: ColumnKinds) {
  const names = [...dataset.inputs]
  const openViews: string[] = []
  for (const written of dataset.features) {
    const [view = '', ...rest] = written.split('.')
    const feature = rest.join('.')
    const listed = feature === '' ? featureViews[view]?.features : [feature]
    if (listed === undefined) {
      openViews.push(view)
      names.push(...[...kinds.keys()].filter((name) => name.startsWith(`${view}__`)))
    } else {
      names.push(...listed.map((one) => `${view}__${one}`))
    }
  }
  const columns = [...new Set(names)].map((name): KnownColumn => ({ name, kind: kinds.get(name) }))
  // A view whose columns were looked at is as good as listed.
  const isLookedAt = (view: string) => [...kinds.keys()].some((one) => one.startsWith(`${view}__`))
  return { columns, openViews: openViews.filter((view) => !isLookedAt(view)) }
}

/** A computed input stands beside all other columns, in frames and in requests. */
function checkName(project: Project, name: string, path: ProjectPath): IssueFacts[] {
  const { dataset, problem, entities } = project
  const expected = 'a name of its own'
  if (name.startsWith('__')) return [{ path, expected: 'a name without "__" in front', got: name }]
  const taken: readonly (readonly [what: string, columns: readonly (string | undefined)[]])[] = [
    ['an input', dataset.inputs],
    ['a kept column', dataset.keep],
    ['the id', [dataset.id]],
    ['a time', [dataset.predictionTime, dataset.labelTime]],
    ['the target', [problem.target]],
    ['an entity key', Object.values(entities).flatMap(({ keys }) => keys)],
    ['another computed input', Object.keys(dataset.onDemand).filter((other) => other !== name)],
  ]
  const same = (other: string | undefined) => other?.toLowerCase() === name.toLowerCase()
  const found = taken.find(([, columns]) => columns.some(same))
  if (found !== undefined) return [{ path, expected, got: `that of ${found[0]}` }]
  const view = dataset.features.find((one) => name.startsWith(`${one.split('.')[0]}__`))
  return view === undefined ? [] : [{ path, expected, got: `one of the features of "${view}"` }]
}
