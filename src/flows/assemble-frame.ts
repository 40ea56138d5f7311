import {
  type DatasetRecord,
  datasetRecordSchema,
  type Feasibility,
  type FeatureTable,
  type Frame,
  feasibilitySchema,
  featureTableSchema,
  frameSchema,
} from '../core/records/index.ts'
import { buildFrame, computeFeatureView } from '../stages/features/index.ts'
import { buildDataset } from '../stages/preparation/index.ts'
import { judgeFeasibility, measurePolicies } from '../stages/problem/index.ts'
import type { BeltJournal } from './belt-journal.ts'
import type { Snapshots } from './collect-sources.ts'

const DATASET_CODE_VERSION = 1
const FEATURES_CODE_VERSION = 1
const FRAME_CODE_VERSION = 1
const FEASIBILITY_CODE_VERSION = 1

export type FeatureTables = Readonly<Record<string, FeatureTable>>

/** Digests of the sources that a query names. A name in a comment counts too: that only costs time. */
function digestsNamedIn(sql: string, snapshots: Snapshots): Record<string, string> {
  const named = Object.entries(snapshots).filter(([name]) =>
    new RegExp(`(?<![A-Za-z0-9_])${name.replaceAll('-', '\\-')}(?![A-Za-z0-9_])`, 'i').test(sql),
  )
  return Object.fromEntries(named.map(([name, snapshot]) => [name, snapshot.table.digest]))
}

/** Stage 3: one row per decision. */
export async function assembleDataset(
  journal: BeltJournal,
  snapshots: Snapshots,
): Promise<DatasetRecord> {
  const { platform, asOfMs } = journal
  const { project, engine, artifacts, store } = platform
  const definition = project.dataset
  const dataset = await journal.step<DatasetRecord>({
    stage: 'preparation',
    name: 'dataset',
    codeVersion: DATASET_CODE_VERSION,
    inputs: {
      sql: definition.sql,
      id: definition.id,
      predictionTime: definition.predictionTime ?? null,
      labelTime: definition.labelTime ?? null,
      inputs: definition.inputs,
      features: definition.features,
      keep: definition.keep,
      split: definition.split,
      target: project.problem.target ?? null,
      type: project.problem.type,
      positiveClass: project.problem.positiveClass,
      entities: project.entities,
      views: project.featureViews,
      snapshots: digestsNamedIn(definition.sql, snapshots),
      asOfMs: definition.labelTime === undefined ? null : asOfMs,
    },
    output: datasetRecordSchema,
    artifacts: (output) => [output.table.digest],
    run: () =>
      buildDataset({
        definition,
        problem: project.problem,
        snapshots,
        engine,
        artifacts,
        asOfMs,
      }),
  })
  await store.put('dataset', dataset.id, dataset)
  return dataset
}

/** Stage 4, first half: every feature view over all history. */
export async function computeFeatures(
  journal: BeltJournal,
  snapshots: Snapshots,
): Promise<FeatureTables> {
  const { project, engine, artifacts, store } = journal.platform
  const tables: Record<string, FeatureTable> = {}
  for (const [name, view] of Object.entries(project.featureViews)) {
    const entity = project.entities[view.entity]
    if (entity === undefined) continue
    const table = await journal.step<FeatureTable>({
      stage: 'features',
      name: `view ${name}`,
      codeVersion: FEATURES_CODE_VERSION,
      inputs: { name, view, entity, snapshots: digestsNamedIn(view.sql, snapshots) },
      output: featureTableSchema,
      artifacts: (output) => [output.table.digest],
      run: () => computeFeatureView({ name, view, entity, snapshots, engine, artifacts }),
    })
    await store.put('feature-table', `${name}@${table.table.digest.slice(0, 16)}`, table)
    tables[name] = table
  }
  return tables
}

/** Stage 4, second half: dataset and features as they were known at prediction time, split. */
export async function assembleFrame(
  journal: BeltJournal,
  dataset: DatasetRecord,
  tables: FeatureTables,
): Promise<Frame> {
  const { platform, asOfMs } = journal
  const { project, engine, artifacts, store } = platform
  const { onDemand } = project.dataset
  const frame = await journal.step<Frame>({
    stage: 'features',
    name: 'point-in-time join',
    codeVersion: FRAME_CODE_VERSION,
    inputs: {
      dataset: dataset.table.digest,
      tables: Object.values(tables).map((table) => [table.view, table.table.digest]),
      views: project.featureViews,
      entities: project.entities,
      inputs: project.dataset.inputs,
      features: project.dataset.features,
      // Only where there are some, so that frames made before there were any are remembered.
      ...(Object.keys(onDemand).length === 0 ? {} : { onDemand }),
      keep: project.dataset.keep,
      split: project.dataset.split,
      leakage: project.dataset.leakage,
      type: project.problem.type,
      seed: project.training.seed,
    },
    output: frameSchema,
    artifacts: ({ parts }) =>
      [parts.train, parts.validation, parts.test].map((part) => part.table.digest),
    run: () =>
      buildFrame({
        definition: project.dataset,
        problem: project.problem,
        dataset,
        tables,
        views: project.featureViews,
        entities: project.entities,
        engine,
        artifacts,
        asOfMs,
        seed: project.training.seed,
      }),
  })
  await store.put('frame', frame.id, frame)
  return frame
}

/** Stage 1 against the data: go or no-go. */
export async function assessFeasibility(
  journal: BeltJournal,
  dataset: DatasetRecord,
  frame: Frame,
): Promise<Feasibility> {
  const { platform, asOfMs } = journal
  const { project, engine, artifacts, store } = platform
  const newest = dataset.newestPredictionTime
  const classes: Record<string, number> = {}
  for (const part of Object.values(frame.parts)) {
    for (const [label, count] of Object.entries(part.classes)) {
      classes[label] = (classes[label] ?? 0) + count
    }
  }
  const rows = Object.values(frame.parts).reduce((sum, part) => sum + part.rows, 0)
  const feasibility = await journal.step<Feasibility>({
    stage: 'problem',
    name: 'feasibility',
    codeVersion: FEASIBILITY_CODE_VERSION,
    inputs: {
      problem: project.problem,
      frame: frame.id,
      asOfMs: project.problem.feasibility.maxDataAge === undefined ? null : asOfMs,
    },
    output: feasibilitySchema,
    run: async () =>
      judgeFeasibility({
        problem: project.problem,
        facts: {
          frame: frame.id,
          rows,
          classes,
          newestRowMs: newest === null ? null : Date.parse(newest),
        },
        policies: await measurePolicies({ engine, artifacts, frame, problem: project.problem }),
        asOfMs,
      }),
  })
  await store.put('feasibility', feasibility.id, feasibility)
  return feasibility
}
