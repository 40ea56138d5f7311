import { sql } from 'kysely'
import type { Actor } from '../database/index.ts'
import { checkText, LIMITS } from './entry-limits.ts'
import type { DatasetInput, ModelOutput } from './run.ts'
import type { RunStore } from './run-store.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

/** The tag of a dataset input that searches ask for as `datasets.context`. */
const CONTEXT_TAG = 'mlflow.data.context'
const MOST_SUMMARIES = 1_000

export interface DatasetSummary {
  readonly experimentId: string
  readonly name: string
  readonly digest: string
  readonly context: string | null
}

/** What runs took in and gave out: datasets and logged models. */
export class RunInputs {
  readonly #context: TrackingContext
  readonly #runs: RunStore

  constructor(context: TrackingContext, runs: RunStore) {
    this.#context = context
    this.#runs = runs
  }

  /** A dataset is known by name and digest within its experiment; logged again, it is no second input. */
  async logInputs(
    by: Actor,
    id: string,
    { datasets, modelIds }: { datasets: readonly DatasetInput[]; modelIds: readonly string[] },
  ): Promise<void> {
    for (const dataset of datasets) checkDataset(dataset)
    for (const modelId of modelIds) checkText('model id', modelId, LIMITS.key)
    // In one order, so that two servers never wait for each other in a circle.
    const ordered = datasets.toSorted(
      (a, b) => compare(a.name, b.name) || compare(a.digest, b.digest),
    )
    await this.#runs.change({ by, id, action: 'run.inputs' }, async (transaction, run) => {
      for (const { name, digest, sourceType, source, schema, profile, tags } of ordered) {
        await transaction
          .insertInto('datasets')
          .values({
            experiment: run.experiment,
            ...{ name, digest, source_type: sourceType, source, schema, profile },
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        const { number } = await transaction
          .selectFrom('datasets')
          .select('number')
          .where('experiment', '=', run.experiment)
          .where('name', '=', name)
          .where('digest', '=', digest)
          .executeTakeFirstOrThrow()
        const context = tags[CONTEXT_TAG] ?? null
        await transaction
          .insertInto('run_datasets')
          .values({ run: run.number, dataset: number, context, tags_json: JSON.stringify(tags) })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
      for (const model_id of modelIds)
        await transaction
          .insertInto('run_model_inputs')
          .values({ run: run.number, model_id })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
    })
  }

  async logOutputs(by: Actor, id: string, outputs: readonly ModelOutput[]): Promise<void> {
    for (const { modelId } of outputs) checkText('model id', modelId, LIMITS.key)
    await this.#runs.change({ by, id, action: 'run.outputs' }, async (transaction, run) => {
      for (const { modelId, step } of outputs)
        await transaction
          .insertInto('run_model_outputs')
          .values({ run: run.number, model_id: modelId, step })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
    })
  }

  async searchDatasets(experimentIds: readonly string[]): Promise<readonly DatasetSummary[]> {
    const numbers = experimentIds.map(Number).filter(Number.isSafeInteger)
    if (numbers.length === 0) return []
    const { queries, dialect } = this.#context.database
    const rows = await queries
      .selectFrom('datasets')
      .innerJoin('run_datasets', 'run_datasets.dataset', 'datasets.number')
      .select(['experiment', 'name', 'digest', 'context'])
      .distinct()
      .where(among(dialect, sql.ref('experiment'), numbers))
      .orderBy('experiment')
      .orderBy('name')
      .orderBy('digest')
      .orderBy('context')
      .limit(MOST_SUMMARIES)
      .execute()
    return rows.map(({ experiment, ...rest }) => ({ experimentId: String(experiment), ...rest }))
  }
}

function checkDataset(dataset: DatasetInput): void {
  checkText('dataset name', dataset.name, LIMITS.datasetName)
  checkText('dataset digest', dataset.digest, LIMITS.datasetDigest)
  checkText('dataset source type', dataset.sourceType, LIMITS.datasetDigest)
  checkText('dataset source', dataset.source, LIMITS.datasetSource)
  checkText('dataset schema', dataset.schema ?? '', LIMITS.datasetSchema)
  checkText('dataset profile', dataset.profile ?? '', LIMITS.datasetProfile)
  for (const [key, value] of Object.entries(dataset.tags)) {
    checkText('dataset tag key', key, LIMITS.inputTagKey)
    checkText('dataset tag value', value, LIMITS.inputTagValue)
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
