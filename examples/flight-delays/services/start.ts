import { join } from 'node:path'
import { startPlanesApi } from './planes-api.ts'
import { buildWeatherDatabase } from './weather-database.ts'

/** What the project's sources need around them, and a way to end it. */
export interface RunningServices {
  /** Variables that `esteira.config.ts` refers to with `${env:NAME}`. */
  readonly environment: { readonly PLANES_API_URL: string }
  stop(): Promise<void>
}

/**
 * Builds the weather database under `.esteira/services/` of the project folder if it is absent or
 * outdated, and serves the aircraft register over HTTP until `stop`.
 */
export async function startServices(options: { folder: string }): Promise<RunningServices> {
  const file = (name: string) => join(options.folder, 'data', name)
  const services = join(options.folder, '.esteira', 'services')
  await buildWeatherDatabase(file('weather.parquet'), join(services, 'weather.db'))
  const planes = await startPlanesApi(file('planes.parquet'))
  return { environment: { PLANES_API_URL: planes.url }, stop: planes.stop }
}
