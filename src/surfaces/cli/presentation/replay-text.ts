import type { ReplaySummary } from '../../../flows/index.ts'
import { countText, timeText } from './quantities.ts'

/** What a replay did, in one line. */
export function replayText(summary: ReplaySummary): string {
  const { from, until, days, requests, windows, retrainings, cached } = summary
  const parts = [
    countText(days, 'day'),
    countText(requests, 'request'),
    countText(windows, 'window'),
    countText(retrainings, 'retraining'),
  ]
  const before = cached ? ' (all of it replayed before)' : ''
  return `replay  ${timeText(from)} – ${timeText(until)}: ${parts.join(', ')}${before}`
}
