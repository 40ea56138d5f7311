import type { Formats } from '../formats.ts'
import type { AbTestDifference } from '../sections/ab-test-outcome.ts'
import { axis, BAD, drawChart, GOOD, MUTED, PALETTE } from './chart.ts'

/** The interval of the difference on a line, with nought and the least gain worth having. */
export function abTestChart(
  { metric, estimate, low, high, minEffect, better }: AbTestDifference,
  { texts }: Formats,
): string {
  const worth = better === 'lower' ? -minEffect : minEffect
  const reach = 1.15 * Math.max(Math.abs(low), Math.abs(high), Math.abs(worth))
  const isSure = low > 0 || high < 0
  const isGood = better === 'lower' ? high < 0 : low > 0
  const color = isSure ? (isGood ? GOOD : BAD) : PALETTE[0]
  const mark = (name: string, at: number, line: Record<string, unknown>) => ({
    name,
    xAxis: at,
    lineStyle: line,
    label: { formatter: name, color: '#334155', fontSize: 11 },
  })
  const marks = [
    mark(texts.abTest.none, 0, { color: '#334155', type: 'solid' }),
    ...(minEffect > 0 ? [mark(texts.abTest.least, worth, { color: MUTED, type: 'dashed' })] : []),
  ]
  return drawChart(
    {
      title: {
        text: texts.abTest.chart(texts.abTest.metrics[metric] ?? metric),
        left: 'center',
        textStyle: { fontSize: 14, fontWeight: 600, color: '#0f172a' },
      },
      grid: { left: 24, right: 24, top: 64, bottom: 36 },
      xAxis: axis('', {
        min: -reach,
        max: reach,
        axisLabel: { show: true, showMinLabel: false, showMaxLabel: false },
      }),
      yAxis: { type: 'category', data: [''], axisLine: { show: false }, axisTick: { show: false } },
      series: [
        {
          type: 'line',
          symbol: 'none',
          color,
          lineStyle: { width: 6, cap: 'round' },
          data: [
            [low, 0],
            [high, 0],
          ],
          markLine: { symbol: 'none', data: marks },
        },
        { type: 'scatter', symbolSize: 16, color, data: [[estimate, 0]] },
      ],
    },
    { width: 780, height: 190 },
  )
}
