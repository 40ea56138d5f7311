import type { EndpointStatistics } from './endpoint-statistics.ts'

/** The processes that answer for a gateway together, as one of them asks about all. */
export interface GatewayGroup {
  figures(): Promise<{
    /** As `/metrics` tells them, with every endpoint. */
    readonly metrics: string
    /** By endpoint. */
    readonly statistics: Readonly<Record<string, EndpointStatistics>>
  }>
}

const OF_AN_ENDPOINT = /[{,]model="((?:[^"\\]|\\.)*)"/

/** Leaves out the samples of endpoints that the caller may not know of. */
export function metricsOfEndpoints(text: string, names: ReadonlySet<string>): string {
  return text
    .split('\n')
    .filter((line) => {
      const name = line.startsWith('#') ? undefined : OF_AN_ENDPOINT.exec(line)?.[1]
      return name === undefined || names.has(name)
    })
    .join('\n')
}
