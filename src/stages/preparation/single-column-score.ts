import type { InputColumn, Problem } from '../../core/records/index.ts'
import { quoteIdentifier, quoteLiteral, type TableEngine } from '../../platform/storage/index.ts'

/*
 * AUC   probability that a positive row stands above a negative one by this column alone,
 *       ties counting one half (Mann-Whitney U / (P · N)); max(AUC, 1 − AUC), since a model can
 *       turn a column around
 * R²    numbers: squared correlation; texts: 1 − SSE/SST of the training mean by category
 * P, N  positive and negative validation rows
 */

export interface SingleColumnScore {
  readonly score: number
  /** Rows of the smaller side (classification) or all rows with a value (regression). */
  readonly support: number
}

export interface ScoreOptions {
  readonly engine: TableEngine
  readonly problem: Problem
  readonly classes: readonly string[]
  readonly input: Pick<InputColumn, 'name' | 'kind'>
  /** Quoted views in the frame's layout. */
  readonly train: string
  readonly validation: string
}

/** How well one input alone, without a model, tells the target of the validation rows. */
export async function singleColumnScore(options: ScoreOptions): Promise<SingleColumnScore> {
  const { problem, classes } = options
  if (problem.type === 'regression') return regressionScore(options)
  const [first] = classes
  if (classes.length === 2 && first !== undefined) return classScore(options, first)
  let weighted = 0
  let weight = 0
  for (const label of classes) {
    const { score, support } = await classScore(options, label)
    weighted += score * support
    weight += support
  }
  return { score: weight === 0 ? 0 : weighted / weight, support: weight }
}

async function classScore(options: ScoreOptions, label: string): Promise<SingleColumnScore> {
  const positive = `(__target = ${quoteLiteral(label)})`
  const [row] = await options.engine.query<{ auc: number | null; p: number; n: number }>(
    `WITH scored AS (${scoredSql(options, `CAST(${positive} AS INTEGER)`)}),
     grouped AS (SELECT coalesce(score, '-infinity'::DOUBLE) AS score,
       count(*) FILTER (y = 1) AS p, count(*) FILTER (y = 0) AS n FROM scored GROUP BY 1),
     ranked AS (SELECT p, n, sum(n) OVER (ORDER BY score) - n AS below FROM grouped)
     SELECT sum(p * (below + n / 2)) / nullif(sum(p) * sum(n), 0) AS auc,
       coalesce(sum(p), 0) AS p, coalesce(sum(n), 0) AS n FROM ranked`,
  )
  const auc = row?.auc ?? 0.5
  return { score: Math.max(auc, 1 - auc), support: Math.min(row?.p ?? 0, row?.n ?? 0) }
}

async function regressionScore(options: ScoreOptions): Promise<SingleColumnScore> {
  const fit =
    options.input.kind === 'number'
      ? 'corr(score, y) ^ 2'
      : '1 - sum((y - score) ^ 2) / nullif(sum((y - mean) ^ 2), 0)'
  const [row] = await options.engine.query<{ r2: number | null; rows: number }>(
    `WITH scored AS (${scoredSql(options, '__target')}),
     usable AS (SELECT *, avg(y) OVER () AS mean FROM scored
       WHERE abs(score) < 1e150 AND abs(y) < 1e150)
     SELECT ${fit} AS r2, count(*) AS rows FROM usable`,
  )
  const r2 = row?.r2 ?? 0
  return { score: Number.isFinite(r2) ? Math.max(0, r2) : 0, support: row?.rows ?? 0 }
}

/** Validation rows as (score, y): a number scores itself, a text its training rows' mean target. */
function scoredSql(options: ScoreOptions, target: string): string {
  const column = quoteIdentifier(options.input.name)
  if (options.input.kind === 'number') {
    return `SELECT CAST(${column} AS DOUBLE) AS score, ${target} AS y FROM ${options.validation}`
  }
  return `SELECT coalesce(rate, overall) AS score, y
    FROM (SELECT coalesce(${column}, '') AS category, ${target} AS y FROM ${options.validation})
    LEFT JOIN (SELECT coalesce(${column}, '') AS category, avg(${target}) AS rate FROM ${options.train} GROUP BY 1) USING (category)
    CROSS JOIN (SELECT avg(${target}) AS overall FROM ${options.train})`
}
