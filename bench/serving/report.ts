import type { Measured } from './measure.ts'

export interface BenchReport {
  readonly machine: Readonly<Record<string, string | number | boolean>>
  readonly versions: Readonly<Record<string, string>>
  readonly rounds: number
  readonly seconds: number
  readonly measured: readonly Measured[]
  readonly notMeasured: readonly { readonly name: string; readonly reason: string }[]
}

const TITLES: Readonly<Record<string, string>> = {
  'bare-server': "node's own server, nothing done: the generator's ceiling",
  'empty-route': 'empty Fastify route',
  plain: '`esteira serve`, plain',
  full: '`esteira serve`, full: log, validation, a feature view, a canary',
  'onnx-single': 'ONNX Runtime in a loop, 1 row',
  'onnx-batch': 'ONNX Runtime in a loop, 1,000 rows',
  'batch-json': '`esteira serve`, 1,000 rows in JSON',
  'batch-binary': '`esteira serve`, 1,000 rows in packed tensors',
  'empty-method': 'empty gRPC method of grpc-js',
  'plain-grpc': '`esteira serve` over gRPC, plain',
  'bare-server-one-core': "node's own server, on one core",
  'empty-route-one-core': 'empty Fastify route, on one core',
  'plain-one-core': '`esteira serve`, plain, on one core',
  'full-one-core': '`esteira serve`, full, on one core',
  'gateway-1': '`esteira gateway --workers 1`, 45 % of a core',
  'gateway-2': '`esteira gateway --workers 2`, 45 % of a core each',
  'plain-beside-peers': '`esteira serve`, plain, beside the peers',
  'plain-grpc-beside-peers': '`esteira serve` over gRPC, plain, beside the peers',
  mlflow: '`mlflow models serve`',
  mlserver: 'MLServer, REST',
  'mlserver-grpc': 'MLServer, gRPC',
  bentoml: 'BentoML',
}

interface Ratio {
  readonly key: string
  readonly title: string
  readonly of: string
  readonly to: string
  readonly aim: number
  readonly format: 'percent' | 'times'
}

const percent = { format: 'percent' } as const
const times = { format: 'times', aim: 15, of: 'plain-beside-peers' } as const
const RATIOS: readonly Ratio[] = [
  {
    ...percent,
    key: 'shareOfEmptyRoute',
    title: 'plain to the empty route',
    of: 'plain',
    to: 'empty-route',
    aim: 0.7,
  },
  { ...percent, key: 'fullToPlain', title: 'full to plain', of: 'full', to: 'plain', aim: 0.75 },
  {
    ...percent,
    key: 'shareOfEmptyRouteOneCore',
    title: 'plain to the empty route, on one core',
    of: 'plain-one-core',
    to: 'empty-route-one-core',
    aim: 0.7,
  },
  {
    ...percent,
    key: 'fullToPlainOneCore',
    title: 'full to plain, on one core',
    of: 'full-one-core',
    to: 'plain-one-core',
    aim: 0.75,
  },
  {
    ...percent,
    key: 'batchJsonToOnnx',
    title: '1,000 rows in JSON to ONNX Runtime',
    of: 'batch-json',
    to: 'onnx-batch',
    aim: 0.8,
  },
  {
    ...percent,
    key: 'batchBinaryToOnnx',
    title: '1,000 rows in packed tensors to ONNX Runtime',
    of: 'batch-binary',
    to: 'onnx-batch',
    aim: 0.8,
  },
  {
    ...percent,
    key: 'shareOfEmptyMethod',
    title: 'gRPC to the empty method',
    of: 'plain-grpc',
    to: 'empty-method',
    aim: 0.6,
  },
  {
    key: 'twoWorkersToOne',
    title: 'two workers to one, each with 45 % of a core',
    of: 'gateway-2',
    to: 'gateway-1',
    aim: 1.7,
    format: 'times',
  },
  { ...times, key: 'timesMlflow', title: 'plain to MLflow', to: 'mlflow' },
  { ...times, key: 'timesMlserver', title: 'plain to MLServer', to: 'mlserver' },
  {
    ...times,
    key: 'timesMlserverGrpc',
    title: 'plain over gRPC to MLServer over gRPC',
    of: 'plain-grpc-beside-peers',
    to: 'mlserver-grpc',
  },
  { ...times, key: 'timesBentoml', title: 'plain to BentoML', to: 'bentoml' },
]

const PEERS = ['mlflow', 'mlserver', 'mlserver-grpc', 'bentoml']

/** All figures as one object; `shareOfEmptyRoute`, `requestsPerSecond` and `p99Ms` are the headline. */
export function reportJson(report: BenchReport): object {
  const { measured, ...rest } = report
  const of = (name: string) => measured.find((one) => one.name === name)
  const plain = of('plain')
  return {
    ...Object.fromEntries(RATIOS.map(({ key, of: one, to }) => [key, ratio(of(one), of(to))])),
    requestsPerSecond: plain?.requestsPerSecond ?? null,
    p99Ms: plain?.p99Ms ?? null,
    peers: Object.fromEntries(PEERS.map((name) => [name, of(name) ?? null])),
    ...rest,
    measured: Object.fromEntries(measured.map((one) => [one.name, one])),
  }
}

/** Tables as they stand in the README. */
export function reportMarkdown(report: BenchReport): string[] {
  const { measured, notMeasured, rounds, seconds, machine, versions } = report
  const of = (name: string) => measured.find((one) => one.name === name)
  const found = RATIOS.flatMap(({ title, of: one, to, aim, format }) => {
    const value = ratio(of(one), of(to))
    if (value === null) return []
    const show = format === 'percent' ? asPercent : asTimes
    const text = value < aim ? `**${show(value)}: lost**` : show(value)
    return [`| ${title} | ≥ ${show(aim)} | ${text} |`]
  })
  return [
    `${machine.cpu} (${machine.cores} cores), ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}. Medians of ${rounds} rounds of ${seconds} s in turns.`,
    '',
    '| what | requests/s | smallest to largest | p50 ms | p99 ms | p99.9 ms | processor µs a request | generator busy | MiB |',
    '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...measured.map(row),
    '',
    '| ratio | aim | measured |',
    '| --- | --: | --: |',
    ...found,
    ...notMeasured.map(({ name, reason }) => `\nNot measured: ${name}: ${reason.split('\n')[0]}`),
  ]
}

function row(one: Measured): string {
  const rate = (value: number) => Math.round(value).toLocaleString('en')
  const ms = (value: number) => (Number.isNaN(value) ? '' : value.toFixed(2))
  const cells = [
    TITLES[one.name] ?? one.name,
    rate(one.requestsPerSecond),
    one.spread.map(rate).join(' to '),
    ms(one.p50Ms),
    ms(one.p99Ms),
    ms(one.p999Ms),
    rate(one.cpuUsPerRequest),
    Number.isNaN(one.generatorBusy) ? '' : asPercent(one.generatorBusy),
    Number.isNaN(one.residentMebibytes) ? '' : rate(one.residentMebibytes),
  ]
  return `| ${cells.join(' | ')} |`
}

const asPercent = (value: number): string => `${(100 * value).toFixed(0)} %`
const asTimes = (value: number): string => `${value.toFixed(1)}×`

/** Of requests a second; null when one of both was not measured. */
function ratio(of: Measured | undefined, to: Measured | undefined): number | null {
  return of === undefined || to === undefined ? null : of.requestsPerSecond / to.requestsPerSecond
}
