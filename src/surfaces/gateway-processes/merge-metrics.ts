/** A family of the exposition format with its samples by what stands before their value. */
interface Family {
  readonly help: string
  readonly type: string
  readonly samples: Map<string, number>
}

type Families = Map<string, Family>

/** The metrics of one process, as its own `/metrics` would tell them. */
export interface ProcessMetrics {
  /** Tells the processes apart in what belongs to each of them alone. */
  readonly worker: string
  /** The text exposition format of Prometheus, version 0.0.4, without timestamps. */
  readonly text: string
}

/** What a process is and holds for itself: sums of these would say nothing about any of them. */
const OF_A_PROCESS = /^(?:process|nodejs)_/
/** True (1) of all only if it is true of each. */
const LEAST: ReadonlySet<string> = new Set(['esteira_gateway_configuration_valid'])
/** The highest that any of them has seen. */
const MOST: ReadonlySet<string> = new Set(['esteira_gateway_places_taken_highest'])

/**
 * One text for several processes. Counters and histograms add up, those of ended processes
 * included, so that they never go back; gauges add up over the living. `process_*` and `nodejs_*`
 * stay apart by the label `worker`.
 * @param ended the text of `sumOfEnded`
 */
export function mergeMetrics(living: readonly ProcessMetrics[], ended = ''): string {
  const merged: Families = new Map()
  for (const { worker, text } of living) {
    for (const [name, family] of parse(text)) {
      const isApart = OF_A_PROCESS.test(name)
      const samples = [...family.samples].map(([key, value]) => {
        return [isApart ? labelled(key, worker) : key, value] as const
      })
      add(merged, { name, ...family, samples })
    }
  }
  for (const [name, family] of parse(ended)) {
    add(merged, { name, ...family, samples: [...family.samples] })
  }
  return print(merged)
}

/**
 * What stays of a process that has ended: its counters and histograms, added to those before.
 * @returns a text that `mergeMetrics` takes
 */
export function sumOfEnded(ended: string, text: string): string {
  const merged = parse(ended)
  for (const [name, family] of parse(text)) {
    if (family.type === 'gauge' || OF_A_PROCESS.test(name)) continue
    add(merged, { name, ...family, samples: [...family.samples] })
  }
  return print(merged)
}

function add(
  families: Families,
  part: {
    readonly name: string
    readonly help: string
    readonly type: string
    readonly samples: readonly (readonly [string, number])[]
  },
): void {
  const { name, help, type } = part
  const family = families.get(name) ?? { help, type, samples: new Map<string, number>() }
  families.set(name, family)
  for (const [key, value] of part.samples) {
    const before = family.samples.get(key)
    if (before === undefined) family.samples.set(key, value)
    else family.samples.set(key, together(name, before, value))
  }
}

function together(name: string, a: number, b: number): number {
  if (LEAST.has(name)) return Math.min(a, b)
  return MOST.has(name) ? Math.max(a, b) : a + b
}

function parse(text: string): Families {
  const families: Families = new Map()
  let family: Family | undefined
  let help = ''
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (kind === 'HELP') help = rest
    else if (kind === 'TYPE') {
      family = { help, type: rest, samples: new Map() }
      families.set(name, family)
    } else if (line !== '') {
      // A label's value may hold spaces; a sample's number never does.
      const space = line.lastIndexOf(' ')
      family?.samples.set(line.slice(0, space), numberOf(line.slice(space + 1)))
    }
  }
  return families
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

function labelled(key: string, worker: string): string {
  const brace = key.indexOf('{')
  if (brace < 0) return `${key}{worker="${worker}"}`
  return `${key.slice(0, brace)}{worker="${worker}",${key.slice(brace + 1)}`
}

function print(families: Families): string {
  return [...families]
    .map(([name, { help, type, samples }]) => {
      const lines = [...samples].map(([key, value]) => `${key} ${valueText(value)}\n`)
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function valueText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}
