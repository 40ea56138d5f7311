import type { EntityInput, FeatureViewInput } from './input-types.ts'

/**
 * A thing features speak of, named by one or more key columns. The same column names stand in the
 * feature views, in the dataset and in requests to the endpoint.
 *
 * @example
 * entity({ keys: ['carrier'], description: 'An airline by its two-letter code' })
 */
export function entity(options: EntityInput): EntityInput {
  return options
}

/**
 * Features of an entity over time: SQL that gives the keys, the event time and the features.
 * A prediction sees a value from `availabilityDelay` after its event time until `timeToLive` after it.
 *
 * @example
 * featureView({
 *   entity: 'airport',
 *   sql: 'SELECT origin, observed_at, temp, wind_speed FROM weather',
 *   eventTime: 'observed_at',
 *   availabilityDelay: '10m',
 *   timeToLive: '6h',
 * })
 */
export function featureView(options: FeatureViewInput): FeatureViewInput {
  return options
}
