/** The text exposition format of Prometheus, version 0.0.4, family by family. */

export type Labels = Readonly<Record<string, string | number>>
export type Sample = readonly [suffix: string, labels: Labels, value: number]

export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** A family's lines; all samples of a family stand together. */
export function family({ name, type, help, samples }: MetricFamily): string {
  const lines = samples.map(
    ([suffix, labels, value]) => `${name}${suffix}${labelText(labels)} ${valueText(value)}\n`,
  )
  const told = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${told}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** A gauge without labels. */
export function gauge(name: string, help: string, value: number): string {
  return family({ name, type: 'gauge', help, samples: [['', {}, value]] })
}

/** A counter without labels. */
export function counter(name: string, help: string, value: number): string {
  return family({ name, type: 'counter', help, samples: [['', {}, value]] })
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = String(value)
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll('\n', '\\n')
    return `${name}="${escaped}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
