import type {
  DatasetDefinition,
  InputColumn,
  LeakageFinding,
  Problem,
  SplitPart,
} from '../../core/records/index.ts'
import { quoteIdentifier, type TableEngine } from '../../platform/storage/index.ts'
import { singleColumnScore } from './single-column-score.ts'

/** Below this many rows (of the smaller class) a high score is chance. */
const LEAST_SUPPORT = 20

/** A joined feature view whose event times are checked again on the joined rows. */
export interface JoinedView {
  readonly view: string
  /** Column of the joined rows with the event time of the value that was used. */
  readonly eventTime: string
  readonly availabilityDelayMs: number
}

export interface LeakageOptions {
  readonly engine: TableEngine
  readonly definition: DatasetDefinition
  readonly problem: Problem
  readonly classes: readonly string[]
  readonly inputs: readonly InputColumn[]
  readonly joined: readonly JoinedView[]
  /** Quoted views of the joined rows, in the frame's layout, with the event times. */
  readonly parts: Readonly<Record<SplitPart, string>>
}

/**
 * Looks for three ways in which a model could know what it must not: rows that stand in two parts,
 * values from after the prediction, and a single column that gives the target away.
 */
export async function checkLeakage(options: LeakageOptions): Promise<LeakageFinding[]> {
  return [
    ...(await futureInformation(options)),
    ...(await sharedRows(options)),
    ...(await singleColumns(options)),
  ]
}

/**
 * Findings that end the belt. Equal rows in two parts do not: where inputs are few and coarse,
 * different decisions honestly look alike.
 */
export function stoppingFindings(findings: readonly LeakageFinding[]): LeakageFinding[] {
  return findings.filter((finding) => !finding.passed && finding.check !== 'shared-rows')
}

async function futureInformation(options: LeakageOptions): Promise<LeakageFinding[]> {
  const { engine, definition, joined, parts } = options
  const all = Object.values(parts)
    .map((part) => `SELECT * FROM ${part}`)
    .join(' UNION ALL ')
  if (definition.predictionTime === undefined) return []
  const checks = joined.map((view) => ({
    subject: view.view,
    what: 'values that were not available yet',
    condition: `${quoteIdentifier(view.eventTime)} + INTERVAL (${view.availabilityDelayMs}) MILLISECONDS > __prediction_time`,
  }))
  checks.push({
    subject: definition.labelTime ?? 'label',
    what: 'labels that were known before the prediction',
    condition: '__label_time < __prediction_time',
  })
  const counts = checks.map(({ condition }, i) => `count(*) FILTER (${condition}) AS c${i}`)
  const [row] = await engine.query<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (${all})`,
  )
  return checks.map(({ subject, what }, index) => {
    const rows = row?.[`c${index}`] ?? 0
    const message = `${subject}: ${rows} rows with ${what}`
    return {
      check: 'future-information' as const,
      passed: rows === 0,
      subject,
      measured: rows,
      bound: 0,
      reason: { code: 'leakage-future-information', message, values: { subject, rows } },
    }
  })
}

async function sharedRows(options: LeakageOptions): Promise<LeakageFinding[]> {
  const { engine, inputs, parts, definition } = options
  if (inputs.length === 0) return []
  const bound = definition.leakage.maxSharedRows
  const hash = `hash(${inputs.map(({ name }) => quoteIdentifier(name)).join(', ')})`
  const findings: LeakageFinding[] = []
  for (const part of ['validation', 'test'] as const) {
    const [row] = await engine.query<{ share: number }>(
      `SELECT coalesce(avg(CAST(h IN (SELECT ${hash} FROM ${parts.train}) AS INTEGER)), 0) AS share
       FROM (SELECT ${hash} AS h FROM ${parts[part]})`,
    )
    const share = row?.share ?? 0
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`
    const message = `${percent(share)} of the ${part} rows equal a training row in every input; bound ${percent(bound)}`
    findings.push({
      check: 'shared-rows',
      passed: share <= bound,
      subject: part,
      measured: share,
      bound,
      reason: { code: 'leakage-shared-rows', message, values: { part, share, bound } },
    })
  }
  return findings
}

async function singleColumns(options: LeakageOptions): Promise<LeakageFinding[]> {
  const { engine, problem, classes, inputs, parts, definition } = options
  if (problem.type === 'clustering') return []
  const bound = definition.leakage.maxSingleColumnScore
  const metric = problem.type === 'regression' ? 'R²' : 'ROC AUC'
  const findings: LeakageFinding[] = []
  for (const input of inputs) {
    const { train, validation } = parts
    const measure = { engine, problem, classes, input, train, validation }
    const { score, support } = await singleColumnScore(measure)
    const enough = support >= LEAST_SUPPORT
    const measured = Number(score.toPrecision(9))
    const base = `${input.name} alone reaches a ${metric} of ${score.toFixed(3)}; bound ${bound}`
    const message = enough ? base : `${base}; too few rows (${support}) to judge`
    const values = { column: input.name, metric, score: measured, bound, support }
    findings.push({
      check: 'single-column',
      passed: !enough || score < bound,
      subject: input.name,
      measured,
      bound,
      reason: { code: 'leakage-single-column', message, values },
    })
  }
  return findings
}
