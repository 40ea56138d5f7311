import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TitleComponent,
} from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

let registered = false

function register(): void {
  if (registered) return
  use([
    BarChart,
    CustomChart,
    LineChart,
    ScatterChart,
    GridComponent,
    LegendComponent,
    MarkAreaComponent,
    MarkLineComponent,
    MarkPointComponent,
    TitleComponent,
    SVGRenderer,
  ])
  registered = true
}

/** One palette for every surface: colour-blind safe (Okabe and Ito, 2008). */
export const PALETTE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#000000',
] as const
export const MUTED = '#8a94a6'
export const GOOD = '#00805c'
export const BAD = '#c2410c'

const TEXT = { color: '#334155', fontFamily: 'system-ui, sans-serif', fontSize: 12 }

export interface ChartSize {
  readonly width: number
  readonly height: number
}

export type ChartOption = EChartsCoreOption

/** Draws an option to an SVG text: no browser, no script in the page. */
export function drawChart(option: ChartOption, size: ChartSize): string {
  register()
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  chart.setOption({
    animation: false,
    textStyle: TEXT,
    color: [...PALETTE],
    grid: { left: 64, right: 24, top: 40, bottom: 48, containLabel: false },
    ...option,
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  // Width and height give way to the page's layout; the view box keeps the proportions.
  return svg.replace(/<svg width="\d+" height="\d+"/, '<svg role="img"')
}

export function axis(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 32,
    nameTextStyle: TEXT,
    axisLabel: { color: '#64748b' },
    splitLine: { lineStyle: { color: '#e2e8f0' } },
    ...more,
  }
}
