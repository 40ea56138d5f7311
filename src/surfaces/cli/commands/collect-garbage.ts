import path from 'node:path'
import { Command } from 'commander'
import { durationMs } from '../../../core/time/index.ts'
import type { Collected, GarbagePlan } from '../../../flows/index.ts'
import type { CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { addDataOptions } from '../server-settings.ts'
import { withRegistry } from '../with-registry.ts'

/** `esteira collect-garbage`: removes for good what was deleted, rows and files. */
export function collectGarbageCommand(session: CommandSession): Command {
  const command = addDataOptions(new Command('collect-garbage'))
    .description('Remove for good what was deleted, and files that nothing names.')
    .option('--older-than <duration>', 'deleted so long ago, such as 30d', '30d')
    .option('--keep-versions <number>', 'versions that a model keeps beside those in use')
    .option('--artifacts-destination <place>', 'where artifact files are: a folder or s3://…')
    .option('--dry-run', 'show what would go, and change nothing', false)
  return session.complete(command, (call, _values, options) => {
    const policy = { olderThanMs: ageOf(options.olderThan), keepVersions: countOf(options) }
    return withRegistry(call, options, async ({ config, ...parts }) => {
      const [{ planGarbage, collectGarbage }, { openArtifactFiles }, { systemClock }] =
        await Promise.all([
          import('../../../flows/index.ts'),
          import('../../../platform/artifact-files/index.ts'),
          import('../../../core/time/index.ts'),
        ])
      const destination = config.artifactsDestination ?? path.join(config.dataDir, 'mlartifacts')
      const files = await openArtifactFiles(destination, {
        s3Endpoint: config.s3.endpoint,
        s3Region: config.s3.region,
      })
      const { signal } = call.interruption
      const context = { ...parts, files, clock: systemClock, signal }
      const plan = await planGarbage(context, policy)
      if (options.dryRun === true) return { json: plan, text: planText(plan) }
      const collected = await collectGarbage(context, plan)
      return { json: collected, text: collectedText(collected) }
    })
  })
}

function ageOf(value: unknown): number {
  try {
    return durationMs(String(value))
  } catch (cause) {
    const reason = `--older-than: "${String(value)}" is no duration such as 30d`
    throw errors.COMMAND_INVALID({ reason }, cause)
  }
}

function countOf({ keepVersions }: Readonly<Record<string, unknown>>): number | undefined {
  if (keepVersions === undefined) return undefined
  const count = Number(keepVersions)
  if (Number.isSafeInteger(count) && count >= 0) return count
  const reason = `--keep-versions: expected a whole number, got "${String(keepVersions)}"`
  throw errors.COMMAND_INVALID({ reason })
}

function planText(plan: GarbagePlan): string {
  const bytes = plan.orphans.reduce((sum, orphan) => sum + orphan.bytes, 0)
  return [
    `would go: ${plan.runs.length} runs, ${plan.loggedModels.length} logged models, ${plan.experiments.length} experiments, ${plan.versions.length} versions, ${plan.models.length} models`,
    `would be deleted by retention: ${plan.outdated.length} versions`,
    `files that nothing names: ${plan.orphans.length} (${bytes} bytes)`,
    ...plan.kept.map(({ what, because }) => `kept: ${what}; ${because}`),
    ...plan.elsewhere.map((uri) => `files stay, for they lie elsewhere: ${uri}`),
  ].join('\n')
}

function collectedText(collected: Collected): string {
  const { skipped, ...counts } = collected
  const text = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  return [text.join(', '), ...skipped.map((what) => `skipped: ${what}`)].join('\n')
}
