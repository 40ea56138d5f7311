import { loadModel } from '../../platform/inference/index.ts'
import type { InputPlan } from '../../stages/serving/index.ts'
import { answerColumns } from './answer-columns.ts'
import { chooseVersion } from './choose-version.ts'
import { predictFileErrors } from './errors.ts'
import { featureSource } from './feature-source.ts'
import type { FilePrediction, PredictFileOptions, PredictFileParts } from './file-prediction.ts'
import { checkOutput, columnsOf, openRows, writeRows } from './rows-table.ts'
import { scoreRows, type Tally } from './score-rows.ts'
import { planScoring } from './scoring-plan.ts'

/**
 * Scores the rows of a file with one version, by the gateway's rules and with its engine. The file
 * is read in stretches, so that memory does not grow with it; the output is whole or not there.
 * The columns `prediction`, `probability_<class>` and `decision` follow the kept ones.
 *
 * @throws ROWS_FILE_UNFIT, ROWS_FILE_UNREADABLE, ROWS_FILE_UNWRITABLE, ROWS_COLUMN_MISSING,
 *   ROWS_COLUMN_TAKEN, ROWS_REFUSED, FEATURE_HISTORY_MISSING, and those of `chooseVersion`,
 *   `loadModel` and the table engine
 */
export async function predictFile(
  parts: PredictFileParts,
  options: PredictFileOptions,
): Promise<FilePrediction> {
  const { store, project, artifacts, engine } = parts
  const { input, output } = options
  checkOutput(input, output)
  const version = await chooseVersion(parts, options.version ?? 'endpoint')
  const dataset = await store.get('dataset', version.lineage.dataset ?? '')
  const plan = planScoring(version, project, dataset)
  const present = await columnsOf(engine, input)
  const kept = options.keep ?? [project.dataset.id].filter((name) => present.includes(name))
  const answers = answerColumns(version)
  const isKept = options.onInvalid === 'keep'
  refuseTaken([...kept, ...answers.map(({ name }) => name), ...(isKept ? ['problem'] : [])])
  const { signature } = version
  const { digest } = version.artifact
  const session = await loadModel({ path: artifacts.pathOf(digest), signature, digest })
  const work = artifacts.temporaryFolder()
  try {
    const features = await featureSource(parts, plan.views, {
      folder: work.path,
      isHistoric: options.at !== undefined,
    })
    const wanted = columnNames(plan, options.at)
    const rows = await openRows({ engine, folder: work.path, file: input, wanted, kept })
    const scoring = { session, policy: project.deployment, lookUp: features.lookUp }
    const task = { ...options, parts, scoring, plan, rows, answers, folder: work.path }
    const tally = await scoreRows(task)
    if (tally.refused > 0 && (options.onInvalid ?? 'fail') === 'fail') throw refusal(input, tally)
    await writeRows(engine, tally.sql, output)
    const { sql: _sql, ...counts } = tally
    const { model, version: number } = version
    return { model, version: number, output, ...counts, features: features.kind }
  } finally {
    await session.close()
    work.dispose()
  }
}

function columnNames(plan: InputPlan, at: number | string | undefined): string[] {
  const names = plan.columns.map(({ name }) => name)
  return [...new Set(typeof at === 'string' ? [...names, at] : names)]
}

function refuseTaken(names: readonly string[]): void {
  // The engine's names differ by more than their case.
  const seen = new Set<string>()
  for (const column of names) {
    if (seen.has(column.toLowerCase())) throw predictFileErrors.ROWS_COLUMN_TAKEN({ column })
    seen.add(column.toLowerCase())
  }
}

function refusal(file: string, { refused, rows, firstRefused }: Tally) {
  const first = firstRefused.map(({ row, column, reason }) => `row ${row}, ${column}: ${reason}`)
  return predictFileErrors.ROWS_REFUSED({ file, refused, rows, first: first.join('; ') })
}
