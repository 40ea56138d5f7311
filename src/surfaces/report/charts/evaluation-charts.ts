import type { Evaluation } from '../../../core/records/index.ts'
import type { Formats } from '../formats.ts'
import { axis, BAD, drawChart, GOOD, MUTED, PALETTE } from './chart.ts'

const SQUARE = { width: 460, height: 380 } as const
const WIDE = { width: 720, height: 380 } as const

function titled(text: string) {
  return {
    title: { text, left: 'center', textStyle: { fontSize: 14, fontWeight: 600, color: '#0f172a' } },
  }
}

function diagonal(name: string) {
  return {
    name,
    type: 'line',
    symbol: 'none',
    data: [
      [0, 0],
      [1, 1],
    ],
    lineStyle: { type: 'dashed', color: MUTED, width: 1 },
  }
}

export function rocChart(evaluation: Evaluation, { texts }: Formats): string {
  const points = evaluation.curves?.roc ?? []
  return drawChart(
    {
      ...titled(texts.charts.roc),
      xAxis: axis(texts.charts.rocX, { min: 0, max: 1 }),
      yAxis: axis(texts.charts.rocY, { min: 0, max: 1, nameGap: 40 }),
      series: [
        {
          type: 'line',
          symbol: 'none',
          data: points,
          lineStyle: { width: 2.5 },
          areaStyle: { opacity: 0.08 },
        },
        diagonal(texts.charts.chance),
      ],
    },
    SQUARE,
  )
}

export function precisionRecallChart(evaluation: Evaluation, { texts }: Formats): string {
  return drawChart(
    {
      ...titled(texts.charts.precisionRecall),
      xAxis: axis(texts.charts.recall, { min: 0, max: 1 }),
      yAxis: axis(texts.charts.precision, { min: 0, max: 1, nameGap: 40 }),
      series: [
        {
          type: 'line',
          symbol: 'none',
          data: evaluation.curves?.precisionRecall ?? [],
          lineStyle: { width: 2.5, color: PALETTE[2] },
        },
      ],
    },
    SQUARE,
  )
}

export function calibrationChart(evaluation: Evaluation, { texts }: Formats): string {
  const bins = (evaluation.curves?.calibration ?? []).filter((bin) => bin.rows > 0)
  const most = Math.max(1, ...bins.map((bin) => bin.rows))
  return drawChart(
    {
      ...titled(texts.charts.calibration),
      xAxis: axis(texts.charts.predicted, { min: 0, max: 1 }),
      yAxis: axis(texts.charts.observed, { min: 0, max: 1, nameGap: 40 }),
      series: [
        diagonal(texts.charts.perfect),
        {
          type: 'line',
          data: bins.map((bin) => ({
            value: [bin.predicted, bin.observed],
            symbolSize: 5 + 14 * Math.sqrt(bin.rows / most),
          })),
          symbol: 'circle',
          lineStyle: { width: 2 },
        },
      ],
    },
    SQUARE,
  )
}

export function valueChart(evaluation: Evaluation, { texts, number }: Formats): string {
  const currency = evaluation.value?.currency ?? ''
  const mark =
    evaluation.threshold === null
      ? {}
      : {
          markLine: {
            symbol: 'none',
            lineStyle: { color: BAD, type: 'solid', width: 1.5 },
            label: {
              formatter: `${texts.charts.threshold} ${number(evaluation.threshold)}`,
              color: BAD,
            },
            data: [{ xAxis: evaluation.threshold }],
          },
        }
  return drawChart(
    {
      ...titled(texts.charts.valueCurve),
      xAxis: axis(texts.charts.threshold, { min: 0, max: 1 }),
      yAxis: axis(`${currency} ${texts.words.perDecision}`, { nameGap: 44, scale: true }),
      series: [
        {
          type: 'line',
          symbol: 'none',
          data: evaluation.curves?.value ?? [],
          lineStyle: { width: 2.5, color: GOOD },
          ...mark,
        },
      ],
    },
    SQUARE,
  )
}

interface Bar {
  readonly name: string
  readonly value: number
  readonly color?: string
}

function horizontalBars(
  title: string,
  bars: readonly Bar[],
  label: (value: number) => string,
): string {
  const widest = Math.max(8, ...bars.map((bar) => bar.name.length))
  return drawChart(
    {
      ...titled(title),
      grid: { left: Math.min(260, 16 + widest * 6.8), right: 72, top: 40, bottom: 32 },
      xAxis: {
        type: 'value',
        splitLine: { lineStyle: { color: '#e2e8f0' } },
        axisLabel: { color: '#64748b' },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map((bar) => bar.name),
        axisTick: { show: false },
        axisLabel: { color: '#334155' },
      },
      series: [
        {
          type: 'bar',
          barMaxWidth: 18,
          data: bars.map((bar) => ({
            value: bar.value,
            itemStyle: { color: bar.color ?? PALETTE[0] },
            label: {
              show: true,
              position: bar.value < 0 ? 'left' : 'right',
              formatter: label(bar.value),
              color: '#334155',
            },
          })),
        },
      ],
    },
    { width: WIDE.width, height: 84 + bars.length * 26 },
  )
}

/** All candidates by one metric, references (baseline, simple rule) in grey. */
export function candidatesChart(
  ranking: readonly Evaluation[],
  { metric, references }: { readonly metric: string; readonly references: ReadonlySet<string> },
  formats: Formats,
): string {
  const bars = ranking.flatMap((evaluation) => {
    const value = evaluation.metrics[metric]?.value
    if (value === undefined) return []
    return [
      {
        name: evaluation.candidate,
        value,
        ...(references.has(evaluation.candidate) ? { color: MUTED } : {}),
      },
    ]
  })
  return horizontalBars(`${formats.texts.charts.candidates}: ${metric}`, bars, (value) =>
    formats.number(value),
  )
}

export function importanceChart(evaluation: Evaluation, formats: Formats): string {
  const bars = [...evaluation.importance]
    .sort((a, b) => b.loss - a.loss)
    .slice(0, 15)
    .map(({ input, loss }) => ({ name: input, value: loss }))
  return horizontalBars(formats.texts.charts.importance, bars, (value) => formats.number(value))
}

export function slicesChart(
  evaluation: Evaluation,
  { column, metric }: { readonly column: string; readonly metric: string },
  formats: Formats,
): string {
  const overall = evaluation.metrics[metric]?.value ?? 0
  const bars = evaluation.slices
    .filter(
      (slice) => slice.column === column && slice.judged && slice.metrics[metric] !== undefined,
    )
    .sort((a, b) => (a.metrics[metric] ?? 0) - (b.metrics[metric] ?? 0))
    .slice(0, 16)
    .map((slice) => {
      const value = slice.metrics[metric] ?? 0
      return { name: slice.value, value, color: value < overall ? PALETTE[4] : PALETTE[0] }
    })
  return horizontalBars(`${formats.texts.charts.slices}: ${column} (${metric})`, bars, (value) =>
    formats.number(value),
  )
}
