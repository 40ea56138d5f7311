import { Command } from 'commander'
import type {
  Difference,
  MetricDifference,
  VersionComparison,
} from '../../../stages/registry/index.ts'
import type { CommandSession } from '../command-session.ts'
import { tableText } from '../presentation/table.ts'
import { versionOf } from '../version-argument.ts'
import { withPlatform } from '../with-platform.ts'

/** `esteira compare LEFT RIGHT`: how one version of the project's model differs from another. */
export function compareCommand(session: CommandSession): Command {
  const command = new Command('compare')
    .description('Compare two versions: metrics, parameters, signature, lineage, size.')
    .argument('<left>', 'number of a version')
    .argument('<right>', 'number of another version')
  return session.complete(command, (call, [left, right]) => {
    const numbers = { left: versionOf(left), right: versionOf(right) }
    return withPlatform(call, async ({ project, store }) => {
      const { compareVersions, fetchCompared } = await import('../../../stages/registry/index.ts')
      const compared = await fetchCompared(store, { model: project.name, ...numbers })
      const comparison = compareVersions(...compared)
      return { json: comparison, text: comparisonText(comparison) }
    })
  })
}

function comparisonText(comparison: VersionComparison): string {
  const { left, right, metrics, sizeDifferenceBytes } = comparison
  const kinds = ['candidate', 'parameters', 'signature', 'lineage'] as const
  const rows = kinds.flatMap((kind) =>
    comparison[kind].map((one) => [kind, one.name, ...sidesOf(one)]),
  )
  const headings = [`version ${left}`, `version ${right}`]
  return [
    tableText(['metric', ...headings, 'difference'], metrics.map(metricRow)),
    rows.length === 0 ? 'Nothing else differs.' : tableText(['of', 'name', ...headings], rows),
    `The file of version ${right} has ${sizeDifferenceBytes} bytes more.`,
  ].join('\n\n')
}

function metricRow({ metric, left, right, difference }: MetricDifference): string[] {
  const text = (estimate: MetricDifference['left']) => {
    if (estimate === null) return '–'
    const { value, low, high } = estimate
    const interval =
      low === null || high === null ? '' : ` (${low.toFixed(4)} … ${high.toFixed(4)})`
    return `${value.toFixed(4)}${interval}`
  }
  return [metric, text(left), text(right), difference === null ? '–' : difference.toFixed(4)]
}

function sidesOf({ left, right }: Difference): string[] {
  return [left, right].map((side) => (side === undefined ? '–' : JSON.stringify(side).slice(0, 60)))
}
