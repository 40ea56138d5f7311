import type { ProgressEvent, ProgressListener } from '../../../platform/orchestration/index.ts'
import type { Terminal } from '../terminal.ts'
import { createColours } from './colours.ts'
import { type ActiveSteps, activeLine, afterEvent, eventLine } from './progress-lines.ts'

const REDRAW_EVERY_MS = 120
const MOST_LIVE_LINES = 6

export interface ProgressDisplay {
  readonly listen: ProgressListener
  /** Removes the live lines; what happened stays. */
  close(): void
}

/** One plain line for each thing that happened, for logs and pipes. */
function createPlainDisplay(terminal: Terminal): ProgressDisplay {
  const colours = createColours(false)
  return {
    listen(event) {
      const line = eventLine(event, colours)
      if (line !== undefined) terminal.printError(`${line}\n`)
    },
    close() {},
  }
}

/** What happened scrolls up; the steps under way stay below it and move. */
function createLiveDisplay(terminal: Terminal): ProgressDisplay {
  const colours = createColours(terminal.hasColour)
  let steps: ActiveSteps = new Map()
  let drawn = 0
  const erase = () => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`)
  const draw = (above: string) => {
    const shown = [...steps.values()].slice(0, MOST_LIVE_LINES)
    const lines = shown.map((step) => `${activeLine(step, Date.now(), terminal.columns)}\n`)
    const text = `${erase()}${above}${lines.join('')}`
    drawn = lines.length
    if (text !== '') terminal.printError(text)
  }
  const timer = setInterval(() => draw(''), REDRAW_EVERY_MS)
  timer.unref()
  return {
    listen(event: ProgressEvent) {
      steps = afterEvent(steps, event)
      const line = eventLine(event, colours)
      if (line !== undefined) draw(`${line}\n`)
    },
    close() {
      clearInterval(timer)
      steps = new Map()
      draw('')
    },
  }
}

const silentDisplay: ProgressDisplay = { listen() {}, close() {} }

/** Progress for the place it is shown in: live, plain lines, or none at all for programs. */
export function createProgressDisplay(terminal: Terminal, isSilent: boolean): ProgressDisplay {
  if (isSilent) return silentDisplay
  return terminal.isLive ? createLiveDisplay(terminal) : createPlainDisplay(terminal)
}
