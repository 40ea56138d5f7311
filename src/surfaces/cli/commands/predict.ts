import path from 'node:path'
import { Command, Option } from 'commander'
import { ENVIRONMENTS } from '../../../core/records/index.ts'
import type {
  FilePrediction,
  InvalidRows,
  PredictFileOptions,
  VersionChoice,
} from '../../../flows/index.ts'
import type { CommandCall, CommandSession } from '../command-session.ts'
import { environmentOf } from '../environment-argument.ts'
import { errors } from '../errors.ts'
import { instantOption } from '../instant-option.ts'
import { factsText, tableText } from '../presentation/table.ts'
import { versionOf } from '../version-argument.ts'
import { withPlatform } from '../with-platform.ts'

type Options = Readonly<Record<string, unknown>>

const ON_INVALID: readonly InvalidRows[] = ['fail', 'skip', 'keep']

/** `esteira predict`: scores the rows of a file as the gateway would. */
export function predictCommand(session: CommandSession): Command {
  const command = new Command('predict')
    .description("Answer the rows of a file: with the endpoint's stable version, or another.")
    .requiredOption('--input <file>', 'rows: .parquet, .csv with a header, or .jsonl')
    .requiredOption('--output <file>', 'where the answers go: .parquet, .csv or .jsonl')
    .addOption(
      new Option('--model-version <number>', 'version that answers').conflicts('environment'),
    )
    .addOption(
      new Option('--environment <name>', 'take the version that stands there').choices(
        ENVIRONMENTS,
      ),
    )
    .addOption(
      new Option(
        '--at <time>',
        'when the rows are asked (ISO 8601, UTC): features as they were known then',
      ).conflicts('atColumn'),
    )
    .option('--at-column <name>', "the column with each row's own time")
    .option('--keep <columns>', "columns to carry over, by commas; the dataset's id when absent")
    .addOption(
      new Option('--on-invalid <what>', 'what becomes of rows that do not fit the model')
        .choices(ON_INVALID)
        .default('fail'),
    )
  return session.complete(command, async (call, _values, options) => {
    const request = requestOf(call, options)
    return withPlatform(call, async (platform) => {
      const { predictFile } = await import('../../../flows/index.ts')
      const summary = await predictFile(platform, request)
      return { json: summary, text: summaryText(summary) }
    })
  })
}

function requestOf({ terminal }: CommandCall, options: Options): PredictFileOptions {
  const { atColumn, keep } = options
  const at = typeof atColumn === 'string' ? atColumn : instantOption('--at', options.at)
  return {
    input: path.resolve(terminal.folder, String(options.input)),
    output: path.resolve(terminal.folder, String(options.output)),
    version: choiceOf(options),
    onInvalid: ON_INVALID.find((word) => word === options.onInvalid) ?? 'fail',
    ...(at === undefined ? {} : { at }),
    ...(typeof keep === 'string' ? { keep: namesOf(keep) } : {}),
  }
}

function choiceOf({ modelVersion, environment }: Options): VersionChoice {
  if (modelVersion !== undefined) return { version: versionOf(modelVersion) }
  if (typeof environment === 'string') return { environment: environmentOf(environment) }
  return 'endpoint'
}

function namesOf(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => name !== '')) return names
  throw errors.COMMAND_INVALID({ reason: `--keep: expected names of columns, got "${text}"` })
}

function summaryText(summary: FilePrediction): string {
  const { model, version, rows, predicted, flagged, refused, features, firstRefused } = summary
  const facts = factsText([
    ['model', `${model} version ${version}`],
    ['output', summary.output],
    ['rows', `${predicted} of ${rows} answered`],
    ['features', FEATURES[features]],
    ['out of range', `${flagged} answered with a number far outside its training range`],
    ['refused', String(refused)],
  ])
  if (firstRefused.length === 0) return facts
  const table = tableText(
    ['row', 'column', 'why'],
    firstRefused.map(({ row, column, reason }) => [String(row), column, reason]),
  )
  return `${facts}\n\n${table}`
}

const FEATURES: Readonly<Record<FilePrediction['features'], string>> = {
  none: 'the model needs none',
  online: 'from the online store, as of now',
  history: 'as they were known at the time asked for',
}
