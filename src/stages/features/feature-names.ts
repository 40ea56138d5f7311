/** Column of every feature table that says when a row's fact happened: TIMESTAMP, whole milliseconds. */
export const EVENT_TIME = '__event_time'

/** Name of a feature as a model's input. */
export function featureInputName(view: string, feature: string): string {
  return `${view}__${feature}`
}

/** The feature of an input's name in a view. */
export function featureOfInput(view: string, input: string): string {
  return input.slice(view.length + 2)
}

/** Column of joined rows that says when the joined value's fact happened. */
export function joinedEventTime(view: string): string {
  return `__event_time__${view}`
}

/** Column of a dataset's rows, while they are joined, that holds an entity's key as it is. */
export function joinKey(column: string): string {
  return `__key__${column}`
}
