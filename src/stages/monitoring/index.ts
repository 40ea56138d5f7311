export { monitoringErrors } from './errors.ts'
export { type WatchWindowOptions, watchWindow } from './watch-window.ts'
