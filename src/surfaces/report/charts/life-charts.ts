import type { ModelVersion, MonitorWindow } from '../../../core/records/index.ts'
import type { Formats } from '../formats.ts'
import type { ReportData } from '../report-data.ts'
import { axis, BAD, drawChart, MUTED, PALETTE } from './chart.ts'

const SIZE = { width: 960, height: 360 } as const

function titled(text: string) {
  return {
    title: { text, left: 'center', textStyle: { fontSize: 14, fontWeight: 600, color: '#0f172a' } },
  }
}

function timeAxis() {
  return {
    type: 'time',
    axisLabel: { color: '#64748b', hideOverlap: true },
    splitLine: { show: false },
  }
}

function legend() {
  return {
    legend: { bottom: 0, type: 'plain', itemHeight: 8, itemGap: 28, textStyle: { fontSize: 11 } },
    grid: { left: 64, right: 24, top: 44, bottom: 88 },
  }
}

/** Vertical lines where the answering version changed. */
function versionMarks(data: ReportData) {
  const changes = data.environmentChanges.filter((change) => change.environment === 'production')
  return {
    markLine: {
      symbol: 'none',
      lineStyle: { color: MUTED, type: 'dotted' },
      label: { color: MUTED, fontSize: 10, formatter: '{b}' },
      data: changes
        .slice(1)
        .map((change) => ({ name: `v${change.version ?? '–'}`, xAxis: change.at })),
    },
  }
}

function line(name: string, points: readonly (readonly [string, number])[], color?: string) {
  return {
    name,
    type: 'line',
    symbolSize: 5,
    data: points,
    ...(color === undefined ? {} : { color }),
  }
}

/** The inputs that drifted most in any window, and the prediction, against the alert bounds. */
export function driftChart(data: ReportData, { texts }: Formats): string {
  const most = new Map<string, number>()
  for (const window of data.windows) {
    for (const drift of window.drift)
      most.set(drift.input, Math.max(most.get(drift.input) ?? 0, drift.psi))
  }
  const shown = [...most]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 7)
    .map(([name]) => name)
  const { warn, alert } = data.project.monitoring.drift
  const psiOf = (window: MonitorWindow, name: string) =>
    window.drift.find((d) => d.input === name)?.psi
  const points = (name: string) =>
    data.windows.flatMap((w) => {
      const psi = psiOf(w, name)
      return psi === undefined ? [] : [[w.to, psi] as const]
    })
  const predicted = data.windows.flatMap((w) =>
    w.predictionDrift ? [[w.to, w.predictionDrift.psi] as const] : [],
  )
  return drawChart(
    {
      ...titled(texts.charts.drift),
      ...legend(),
      xAxis: timeAxis(),
      yAxis: axis('PSI', { min: 0, nameGap: 40 }),
      series: [
        {
          ...line(texts.charts.prediction, predicted, '#000000'),
          lineStyle: { width: 3 },
          markLine: {
            symbol: 'none',
            data: [
              {
                yAxis: warn,
                lineStyle: { color: PALETTE[4] },
                label: { formatter: texts.charts.warn, position: 'insideEndTop' },
              },
              {
                yAxis: alert,
                lineStyle: { color: BAD },
                label: { formatter: texts.charts.alert, position: 'insideEndTop' },
              },
            ],
          },
        },
        ...shown.map((name) => line(name, points(name))),
      ],
    },
    SIZE,
  )
}

function baselineOf(data: ReportData, metric: string): readonly (readonly [string, number])[] {
  const byVersion = new Map<number, ModelVersion>(data.versions.map((v) => [v.version, v]))
  return data.windows.flatMap((window) => {
    const value = byVersion.get(window.version)?.metrics[metric]
    return value === undefined ? [] : [[window.to, value] as const]
  })
}

/** One metric over the windows, beside what the version reached at its evaluation. */
export function performanceChart(data: ReportData, metric: string, { texts }: Formats): string {
  const measured = data.windows.flatMap((w) => {
    const value = metric === 'valuePerDecision' ? w.valuePerDecision : w.metrics[metric]
    return value === undefined || value === null ? [] : [[w.to, value] as const]
  })
  return drawChart(
    {
      ...titled(`${texts.charts.performance}: ${metric}`),
      ...legend(),
      xAxis: timeAxis(),
      yAxis: axis(metric, { scale: true, nameGap: 44 }),
      series: [
        { ...line(metric, measured, PALETTE[0]), lineStyle: { width: 2.5 }, ...versionMarks(data) },
        {
          ...line(texts.charts.baseline, baselineOf(data, metric), MUTED),
          step: 'end',
          symbol: 'none',
          lineStyle: { type: 'dashed' },
        },
      ],
    },
    SIZE,
  )
}

export function latencyChart(data: ReportData, { texts }: Formats): string {
  const series = (['p50Ms', 'p95Ms', 'p99Ms'] as const).map((name) =>
    line(
      name.replace('Ms', ''),
      data.windows.flatMap((w) => (w.latency ? [[w.to, w.latency[name]] as const] : [])),
    ),
  )
  return drawChart(
    {
      ...titled(texts.charts.latency),
      ...legend(),
      xAxis: timeAxis(),
      yAxis: axis('ms', { min: 0, nameGap: 40 }),
      series,
    },
    SIZE,
  )
}

/** A window in which one version answered all keeps no figures by version. */
function predictionsOf(window: MonitorWindow, version: string): number {
  const alone = Object.keys(window.byVersion).length === 0
  if (alone) return String(window.version) === version ? window.predictions : 0
  return window.byVersion[version]?.predictions ?? 0
}

export function trafficChart(data: ReportData, { texts }: Formats): string {
  const versions = [
    ...new Set(data.windows.flatMap((w) => [String(w.version), ...Object.keys(w.byVersion)])),
  ].sort((a, b) => Number(a) - Number(b))
  return drawChart(
    {
      ...titled(texts.charts.traffic),
      ...legend(),
      xAxis: {
        type: 'category',
        data: data.windows.map((w) => w.from.slice(5, 10)),
        axisLabel: { color: '#64748b' },
      },
      yAxis: axis(texts.words.predictions, { min: 0, nameGap: 48 }),
      series: versions.map((version) => ({
        name: `v${version}`,
        type: 'bar',
        stack: 'all',
        data: data.windows.map((w) => predictionsOf(w, version)),
      })),
    },
    SIZE,
  )
}

/** Every version's test estimate with its interval: champion and challengers side by side. */
export function versionsChart(data: ReportData, metric: string, { texts }: Formats): string {
  const bars = data.versions.flatMap((version) => {
    const estimate = data.versionEvaluations.find((e) => e.id === version.lineage.evaluation)
      ?.metrics[metric]
    return estimate === undefined ? [] : [{ name: `v${version.version}`, ...estimate }]
  })
  const whiskers = bars.flatMap((bar, i) =>
    bar.low === null || bar.high === null ? [] : [[i, bar.low, bar.high]],
  )
  return drawChart(
    {
      ...titled(`${texts.charts.versions}: ${metric}`),
      xAxis: { type: 'category', data: bars.map((bar) => bar.name) },
      yAxis: axis(metric, { scale: true, nameGap: 48 }),
      series: [
        { type: 'scatter', symbolSize: 11, data: bars.map((bar) => bar.value), color: PALETTE[0] },
        ...whiskers.map(([i, low, high]) => ({
          type: 'line',
          symbol: 'none',
          color: PALETTE[0],
          data: [
            [i, low],
            [i, high],
          ],
        })),
      ],
    },
    { width: 720, height: 320 },
  )
}
