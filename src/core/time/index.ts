export { type Clock, isoTime, systemClock } from './clock.ts'
export { DURATION_PATTERN, type Duration, durationMs } from './duration.ts'
