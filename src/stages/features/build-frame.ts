import { contentId } from '../../core/identity/index.ts'
import type {
  Frame,
  FramePart,
  InputColumn,
  LeakageFinding,
  SplitPart,
} from '../../core/records/index.ts'
import { SPLIT_PARTS } from '../../core/records/index.ts'
import { quoteIdentifier, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'
import { profileTable } from '../collection/index.ts'
import {
  checkInputs,
  checkLeakage,
  preparationErrors,
  stoppingFindings,
} from '../preparation/index.ts'
import { assignParts } from './assign-parts.ts'
import { errors } from './errors.ts'
import { joinedEventTime } from './feature-names.ts'
import type { FrameOptions } from './frame-options.ts'
import { baseSelect, frameColumns, keptColumns, writeParts } from './frame-parts.ts'
import { type JoinPlan, planJoins } from './join-plan.ts'
import { onDemandColumns } from './on-demand-inputs.ts'
import { pointInTimeJoinSql } from './point-in-time-join-sql.ts'
import { resolveInputs } from './resolve-inputs.ts'

const JOINED = '__joined_frame'

/**
 * The training frame: the dataset's rows with their features as they were known at prediction time,
 * in three parts, one Parquet file each, in order of prediction time and id. A file has the
 * `FRAME_COLUMNS`, the inputs (DOUBLE or VARCHAR, NULL is missing), and the kept columns.
 *
 * @throws COLUMN_NOT_FOUND, INPUT_TYPE_UNFIT, INPUTS_MISSING, INPUT_REPEATED, INPUT_IS_TARGET,
 *   INPUT_ALL_MISSING, FEATURE_VIEW_NOT_FOUND, FEATURE_NOT_FOUND, FEATURES_NEED_TIME,
 *   FEATURE_KEY_UNFIT, ON_DEMAND_UNFIT, SPLIT_NEEDS_TIME, EMPTY_SPLIT, TARGET_HAS_ONE_CLASS, LEAKAGE_FOUND
 */
export async function buildFrame(options: FrameOptions): Promise<Frame> {
  const { definition, dataset, tables, engine, artifacts } = options
  const inputs = resolveInputs({ definition, columns: dataset.columns, tables })
  requireHonestInputs(options, inputs)
  const plan = planJoins(options, inputs)
  const work = artifacts.temporaryFolder()
  try {
    const assigned = `${work.path}/assigned.parquet`
    const dropped = await assignParts(options, assigned)
    const base = baseSelect({ ...options, inputs, keys: plan.keys, from: fileView(assigned) })
    // A table of the engine and not a file: it is read a dozen times below and gone afterwards, and
    // compressing it took longer than joining it.
    await engine.execute(
      `CREATE OR REPLACE TEMP TABLE ${JOINED} AS
       SELECT ${['*', ...onDemandColumns(inputs)].join(', ')}
       FROM ${pointInTimeJoinSql({ from: `(${base})`, views: plan.views })}
       WHERE __part IS NOT NULL ORDER BY __prediction_time, __id`,
    )
    const from = JOINED
    const views = Object.fromEntries(
      SPLIT_PARTS.map((part) => [part, `(SELECT * FROM ${from} WHERE __part = '${part}')`]),
    ) as Record<SplitPart, string>
    await checkInputs({ engine, from: views.train, inputs, part: 'the training part' })
    const leakage = await leakageOf(options, { inputs, plan, parts: views })
    const columns = frameColumns(options, inputs)
    const parts = await writeParts({ ...options, columns, views, folder: work.path })
    requireClasses(options, parts)
    const shown = [...inputs.map(({ name }) => name), ...keptColumns(definition, inputs)]
    return {
      id: frameId(options, inputs, parts),
      dataset: dataset.id,
      inputs,
      kept: [...definition.keep],
      classes: dataset.classes,
      positiveClass: dataset.positiveClass,
      parts,
      dropped,
      coverage: await coverageOf(engine, plan, views.test),
      leakage,
      profile: await profileTable({ engine, from: views.train, columns: shown }),
    }
  } finally {
    await engine.execute(`DROP TABLE IF EXISTS ${JOINED}`)
    work.dispose()
  }
}

function fileView(path: string): string {
  return `read_parquet(${quoteLiteral(path)})`
}

function requireHonestInputs(
  { definition, problem }: FrameOptions,
  inputs: readonly InputColumn[],
): void {
  const forbidden = { target: problem.target, 'label time': definition.labelTime }
  for (const [role, column] of Object.entries(forbidden)) {
    if (inputs.some(({ name, view }) => view === null && name === column)) {
      throw errors.INPUT_IS_TARGET({ column: column ?? '', role })
    }
  }
}

async function leakageOf(
  options: FrameOptions,
  rows: {
    readonly inputs: readonly InputColumn[]
    readonly plan: JoinPlan
    readonly parts: Readonly<Record<SplitPart, string>>
  },
): Promise<LeakageFinding[]> {
  const { engine, definition, problem, dataset } = options
  const joined = rows.plan.views.map(({ view, availabilityDelayMs }) => {
    return { view, eventTime: joinedEventTime(view), availabilityDelayMs }
  })
  const { inputs, parts } = rows
  const classes = dataset.classes
  const about = { engine, definition, problem, classes, inputs, joined, parts }
  const leakage = await checkLeakage(about)
  const stopping = stoppingFindings(leakage)
  if (stopping.length > 0) {
    const findings = stopping.map((finding) => finding.reason.message)
    throw preparationErrors.LEAKAGE_FOUND({ findings })
  }
  return leakage
}

/** A class that never trains cannot be learnt; a part with one class cannot be judged. */
function requireClasses(
  { problem, dataset }: FrameOptions,
  parts: Readonly<Record<SplitPart, FramePart>>,
): void {
  if (dataset.classes.length === 0) return
  for (const part of SPLIT_PARTS) {
    const { classes } = parts[part]
    const needed = part === 'train' ? dataset.classes.length : 2
    if (Object.keys(classes).length >= needed) continue
    const column = problem.target ?? ''
    throw preparationErrors.TARGET_HAS_ONE_CLASS({ column, part: `the ${part} part`, classes })
  }
}

/** Share of the test rows with a value, by view. */
async function coverageOf(
  engine: TableEngine,
  plan: JoinPlan,
  test: string,
): Promise<Record<string, number>> {
  if (plan.views.length === 0) return {}
  const shares = plan.views.map(({ view }) => {
    const time = quoteIdentifier(joinedEventTime(view))
    return `count(${time}) / count(*) AS ${quoteIdentifier(view)}`
  })
  const [row = {}] = await engine.query<Record<string, number>>(
    `SELECT ${shares.join(', ')} FROM ${test}`,
  )
  return row
}

function frameId(
  { dataset }: FrameOptions,
  inputs: readonly InputColumn[],
  parts: Readonly<Record<SplitPart, FramePart>>,
): string {
  const digests = SPLIT_PARTS.map((part) => parts[part].table.digest)
  return contentId('frame', { dataset: dataset.id, inputs, digests })
}
