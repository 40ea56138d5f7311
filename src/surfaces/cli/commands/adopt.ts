import path from 'node:path'
import { Command, Option } from 'commander'
import { PROBLEM_TYPES, type ProblemType } from '../../../core/records/index.ts'
import type { Adoption } from '../../../flows/index.ts'
import { actingUser } from '../acting-user.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { errors } from '../errors.ts'
import { addDataOptions, serverSettings } from '../server-settings.ts'

interface Request {
  readonly model: string
  readonly version: number
  readonly problemType: ProblemType | undefined
  readonly threshold: number | undefined
}

/** `esteira adopt MODEL VERSION`: makes a version deployable that an MLflow client registered. */
export function adoptCommand(session: CommandSession): Command {
  const command = addDataOptions(
    new Command('adopt')
      .description('Make a version deployable that an MLflow client registered.')
      .argument('<model>', 'name of the registered model')
      .argument('<version>', 'number of its version')
      .addOption(
        new Option(
          '--problem-type <type>',
          'what it is for, where its file leaves it open',
        ).choices(PROBLEM_TYPES),
      )
      .option('--threshold <share>', 'probability from which the answer is yes; 0.5 when absent'),
  )
  return session.complete(command, async (call, [model = '', version], options) => {
    const adoption = await adopt(call, options, {
      model,
      version: versionOf(version),
      problemType: PROBLEM_TYPES.find((type) => type === options.problemType),
      threshold: thresholdOf(options.threshold),
    })
    return { json: adoption, text: adoptionText(adoption) }
  })
}

function versionOf(value: string | undefined): number {
  const version = Number(value?.replace(/^v/, ''))
  if (Number.isSafeInteger(version) && version > 0) return version
  const reason = `version: expected a whole number such as 3, got "${value}"`
  throw errors.COMMAND_INVALID({ reason })
}

function thresholdOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const threshold = Number(value)
  if (threshold > 0 && threshold < 1) return threshold
  const reason = `--threshold: expected a number between 0 and 1, got "${value}"`
  throw errors.COMMAND_INVALID({ reason })
}

async function adopt(
  call: CommandCall,
  options: Readonly<Record<string, unknown>>,
  request: Request,
): Promise<Adoption> {
  const { config } = await serverSettings(call, options)
  const [flow, files, databases, audits, tracking, catalogs, storage, workers, time] =
    await Promise.all([
      import('../../../flows/index.ts'),
      import('../../../platform/artifact-files/index.ts'),
      import('../../../platform/database/index.ts'),
      import('../../../assurance/audit/index.ts'),
      import('../../../platform/tracking/index.ts'),
      import('../../../stages/registry/catalog/index.ts'),
      import('../../../platform/storage/index.ts'),
      import('../../../platform/workers/index.ts'),
      import('../../../core/time/index.ts'),
    ])
  const clock = time.systemClock
  const { s3 } = config
  const destination = config.artifactsDestination ?? path.join(config.dataDir, 'mlartifacts')
  const url = config.databaseUrl ?? path.join(config.dataDir, 'metadata.db')
  const database = await databases.openDatabase({ url, connections: 2 })
  try {
    const { listener } = audits.createAuditTrail(database, { clock })
    const runs = await tracking.createTrackingStore(database, {
      clock,
      listener,
      defaultArtifactRoot: config.defaultArtifactRoot,
    })
    return await flow.adoptVersion({
      ...request,
      database,
      clock,
      listener,
      artifacts: storage.openArtifactStore(path.join(config.dataDir, 'artifacts')),
      catalog: catalogs.createModelCatalog(database, { clock, listener }),
      files: await files.openArtifactFiles(destination, {
        s3Endpoint: s3.endpoint,
        s3Region: s3.region,
      }),
      python: async () => (await workers.ensurePythonEnvironment()).python,
      metricsOf: async (runId) => {
        const { metrics } = await runs.run(runId)
        return Object.fromEntries(metrics.map(({ key, value }) => [key, value]))
      },
      by: { name: actingUser(call.terminal), from: 'cli' },
      signal: call.interruption.signal,
    })
  } finally {
    await database.close()
  }
}

function adoptionText({ version, parity, notes }: Adoption): string {
  const { signature, threshold } = version
  const texts = [
    `${version.model} version ${version.version} can be deployed: ${version.candidate.estimator}, ${signature.problemType}`,
    `inputs     ${signature.inputs.map((input) => input.name).join(', ')}`,
    ...(signature.classes.length === 0 ? [] : [`classes    ${signature.classes.join(', ')}`]),
    ...(threshold === null ? [] : [`threshold  ${threshold}`]),
    parity === null
      ? "proof      the client's own graph, tried on rows"
      : `proof      ${parity.rows} rows like the original, off by at most ${parity.maxAbsoluteDifference.toPrecision(2)}`,
    ...notes.map((note) => `note       ${note}`),
  ]
  return texts.join('\n')
}
