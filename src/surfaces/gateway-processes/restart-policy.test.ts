import { expect, test } from 'vitest'
import { afterEnd, MAX_FAILED_STARTS, type PlaceHistory } from './restart-policy.ts'

function failedStarts(times: number, ready: number) {
  let history: PlaceHistory = { failedStarts: 0 }
  return Array.from({ length: times }, () => {
    const step = afterEnd({ history, wasReady: false, ready })
    history = step.history
    return step.next
  })
}

test('a worker that had answered is replaced at once, and its failed starts are forgotten', () => {
  const step = afterEnd({ history: { failedStarts: 4 }, wasReady: true, ready: 0 })
  expect(step).toEqual({
    history: { failedStarts: 0 },
    next: { action: 'restart', delayMs: 0 },
  })
})

test('failed starts are tried again ever later, up to ten seconds', () => {
  const steps = failedStarts(12, 1)
  const delays = steps.map((step) => (step.action === 'restart' ? step.delayMs : Number.NaN))
  expect(delays.slice(0, 4)).toEqual([100, 200, 400, 800])
  expect(delays.at(-1)).toBe(10_000)
})

test('starting is given up when it fails again and again and nobody answers', () => {
  const steps = failedStarts(MAX_FAILED_STARTS, 0)
  expect(steps.map(({ action }) => action)).toEqual([
    ...Array<string>(MAX_FAILED_STARTS - 1).fill('restart'),
    'give-up',
  ])
})
