import { existsSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import type { ImportCounts, ImportReport, MlflowSource } from '../../../flows/index.ts'
import type { Database } from '../../../platform/database/index.ts'
import type { LoadedConfig } from '../../server/index.ts'
import { actingUser } from '../acting-user.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { addDataOptions, serverSettings } from '../server-settings.ts'

const PROGRESS_EVERY_MS = 2_000

/** `esteira import`: brings over what another platform holds. */
export function importCommand(session: CommandSession): Command {
  return new Command('import')
    .description('Bring over what another platform holds.')
    .addCommand(importMlflowCommand(session))
}

function importMlflowCommand(session: CommandSession): Command {
  const command = addDataOptions(new Command('mlflow'))
    .description('Bring over an MLflow server: experiments, runs, models, files. Repeat to go on.')
    .requiredOption(
      '--from <url>',
      'the server (http://…) or its database (sqlite:///…, postgresql://…)',
    )
    .option('--artifacts <root>', "with a database: the server's artifacts destination")
    .option('--artifacts-destination <place>', 'where artifact files go: a folder or s3://…')
    .option('--into-project <name>', 'the project that owns what is imported', 'default')
    .option('--rename-prefix <text>', 'stands before names of experiments and models', '')
    .option('--dry-run', 'look and count, and change nothing', false)
  return session.complete(command, async (call, _values, options) => {
    const report = await runImport(call, options)
    const exit = report.isComplete ? 'ok' : 'data'
    return { json: report, text: reportText(report), exit }
  })
}

type Options = Readonly<Record<string, unknown>>

async function runImport(call: CommandCall, options: Options): Promise<ImportReport> {
  const { openSource } = await import('../../../flows/index.ts')
  const { environment } = call.terminal
  const { signal } = call.interruption
  const source = await openSource(String(options.from), {
    artifacts: options.artifacts === undefined ? undefined : String(options.artifacts),
    username: environment.MLFLOW_TRACKING_USERNAME,
    password: environment.MLFLOW_TRACKING_PASSWORD,
    token: environment.MLFLOW_TRACKING_TOKEN,
    signal,
  })
  try {
    return await intoServer(call, options, source)
  } finally {
    await source.close()
  }
}

async function intoServer(
  call: CommandCall,
  options: Options,
  source: MlflowSource,
): Promise<ImportReport> {
  const { config } = await serverSettings(call, options)
  const { importMlflow } = await import('../../../flows/index.ts')
  const { openDatabase } = await import('../../../platform/database/index.ts')
  const dryRun = options.dryRun === true
  const url = config.databaseUrl ?? path.join(config.dataDir, 'metadata.db')
  // A dry run makes no database either.
  const isNew = config.databaseUrl === undefined && !existsSync(url)
  const place = dryRun && isNew ? ':memory:' : url
  const database = await openDatabase({ url: place, connections: 4 })
  try {
    return await importMlflow({
      ...(await storesOf(database, config)),
      source,
      by: { name: actingUser(call.terminal), from: 'cli' },
      project: String(options.intoProject),
      renamePrefix: String(options.renamePrefix),
      signal: call.interruption.signal,
      dryRun,
      progress: progressLines(call),
    })
  } finally {
    await database.close()
  }
}

/** Everything that is written to, as the server itself would open it. */
async function storesOf(database: Database, config: LoadedConfig['config']) {
  const [audits, tracking, catalogs, flows, artifacts, { systemClock: clock }] = await Promise.all([
    import('../../../assurance/audit/index.ts'),
    import('../../../platform/tracking/index.ts'),
    import('../../../stages/registry/catalog/index.ts'),
    import('../../../flows/index.ts'),
    import('../../../platform/artifact-files/index.ts'),
    import('../../../core/time/index.ts'),
  ])
  const { listener } = audits.createAuditTrail(database, { clock })
  const { findDependents } = flows
  const { defaultArtifactRoot, s3 } = config
  const destination = defaultArtifactRoot.startsWith('mlflow-artifacts:')
    ? (config.artifactsDestination ?? path.join(config.dataDir, 'mlartifacts'))
    : defaultArtifactRoot
  const place = { s3Endpoint: s3.endpoint, s3Region: s3.region }
  return {
    database,
    clock,
    listener,
    artifactRoot: defaultArtifactRoot,
    tracking: await tracking.createTrackingStore(database, {
      clock,
      listener,
      defaultArtifactRoot,
    }),
    catalog: catalogs.createModelCatalog(database, { clock, listener, findDependents }),
    files: () => artifacts.openArtifactFiles(destination, place),
  }
}

/** A line now and then while it goes on: counts, and runs a second. */
function progressLines(call: CommandCall): ((counts: ImportCounts) => void) | undefined {
  if (call.isJson) return undefined
  const startedAtMs = Date.now()
  let toldAtMs = startedAtMs
  return (counts) => {
    const nowMs = Date.now()
    if (nowMs - toldAtMs < PROGRESS_EVERY_MS) return
    toldAtMs = nowMs
    const perSecond = (counts.runs / ((nowMs - startedAtMs) / 1000)).toFixed(1)
    call.terminal.printError(`${countsText(counts)} (${perSecond} runs/s)\n`)
  }
}

function countsText(counts: ImportCounts): string {
  const { experiments, runs, points, loggedModels, models, versions, files, bytes } = counts
  return [
    `${experiments} experiments, ${runs} runs, ${points} metric points`,
    `${loggedModels} logged models, ${models} registered models, ${versions} versions`,
    `${files} files (${bytes} bytes)`,
  ].join(', ')
}

function reportText(report: ImportReport): string {
  const { counts, experiments, notes, problems, problemCount } = report
  if (report.isDryRun) return [`would bring over: ${countsText(counts)}`, ...notes].join('\n')
  return [
    `${report.from}: ${countsText(counts)}`,
    `${counts.changes} changes here, ${counts.copiedFiles} files copied`,
    ...experiments.map(
      ({ sourceId, id, name, runs, points, isSame }) =>
        `experiment ${sourceId} → ${id} "${name}": ${runs} runs, ${points} points, ${isSame ? 'the same' : 'DIFFERS'}`,
    ),
    ...notes.map((note) => `left out: ${note}`),
    ...problems.map(({ what, reason }) => `PROBLEM ${what}: ${reason}`),
    report.isComplete
      ? 'complete: everything was compared with the source'
      : `not complete: ${problemCount} problems`,
  ].join('\n')
}
