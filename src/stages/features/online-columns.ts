import type { FeatureValue } from '../../platform/storage/index.ts'
import type { OnlineLookup } from './look-up-online.ts'

/** Values of looked-up features by input name, one a row; null is missing. */
export type FeatureColumns = ReadonlyMap<string, readonly FeatureValue[]>

/**
 * The values of looked-up views.
 * @param takesDefault whether a row without a usable value of this view gets the view's defaults
 */
export function onlineColumns(
  lookups: readonly OnlineLookup[],
  takesDefault: (view: string, row: number) => boolean,
): FeatureColumns {
  const columns = new Map<string, readonly FeatureValue[]>()
  for (const { view, rows } of lookups) {
    for (const input of view.inputs) {
      columns.set(
        input.name,
        rows.map((found, row) => {
          if (found !== undefined) return found.values[input.feature] ?? null
          return input.default !== null && takesDefault(view.view, row) ? input.default : null
        }),
      )
    }
  }
  return columns
}
