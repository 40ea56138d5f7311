import type { Reproduction, RunDifference } from '../../../stages/training/index.ts'
import type { Colours } from './colours.ts'
import { tableText } from './table.ts'

function differencesText(differences: readonly RunDifference[]): string {
  const rows = differences.map(({ what, expected, got }) => [what, String(expected), String(got)])
  return tableText(['what', 'recorded', 'now'], rows)
}

/** Whether a run came out again as recorded, and what did not. */
export function reproductionText(reproduction: Reproduction, colours: Colours): string {
  const { run, reproduced, differences, circumstances } = reproduction
  const verdict = reproduced
    ? `${colours.green('identical')}  ${run}: model and every recorded number came out again.`
    : `${colours.red('different')}  ${run}`
  const parts = [verdict]
  if (differences.length > 0) parts.push(differencesText(differences))
  if (circumstances.length > 0) parts.push(`changed since:\n${differencesText(circumstances)}`)
  return parts.join('\n')
}
