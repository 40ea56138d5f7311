import { describe, expect, it } from 'vitest'
import { createColours } from './colours.ts'
import { activeLine, afterEvent, eventLine } from './progress-lines.ts'
import { bytesText, countText, durationText, numberText } from './quantities.ts'
import { tableText } from './table.ts'

const colours = createColours(false)

describe('quantities', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [2_400, '2.4 s'],
    [185_000, '3 min 05 s'],
    [3_720_000, '1 h 02 min'],
    [59_999, '60.0 s'],
    [3_599_999, '60 min 00 s'],
  ])('says %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('says numbers, counts and bytes', () => {
    expect(numberText(336_776)).toBe('336,776')
    expect(numberText(0.123456)).toBe('0.1235')
    expect(countText(1, 'run')).toBe('1 run')
    expect(countText(2, 'run')).toBe('2 runs')
    expect(bytesText(1_400_000)).toBe('1.4 MB')
    expect(bytesText(0)).toBe('0 B')
  })
})

describe('tables', () => {
  it('aligns texts left and numbers right', () => {
    expect(
      tableText(
        ['name', 'rows'],
        [
          ['a', '10'],
          ['longer', '9'],
        ],
      ),
    ).toBe(['name    rows', 'a         10', 'longer     9'].join('\n'))
  })

  it('shows its heading when there are no rows', () => {
    expect(tableText(['a', 'b'], [])).toBe('a  b')
  })
})

describe('progress', () => {
  const step = { stage: 'training', name: 'xgboost' } as const

  it('follows a step from its start to its end', () => {
    const started = afterEvent(new Map(), { kind: 'step-started', ...step, atMs: 1_000 })
    const half = afterEvent(started, {
      kind: 'step-progress',
      ...step,
      share: 0.5,
      message: 'fold 2',
      atMs: 2_000,
    })
    const [active] = half.values()
    expect(active).toMatchObject({ share: 0.5, message: 'fold 2', startedAtMs: 1_000 })
    expect(active && activeLine(active, 3_000, 100)).toBe(
      '▸ [ 6/13] training    ██████████░░░░░░░░░░  50 % 2.0 s xgboost fold 2',
    )
    const done = {
      kind: 'step-finished',
      ...step,
      cached: false,
      durationMs: 2_000,
      atMs: 3_000,
    } as const
    expect(afterEvent(half, done).size).toBe(0)
    expect(eventLine(done, colours)).toBe('✓ [ 6/13] training    xgboost  2.0 s')
  })

  it('marks what was not computed again', () => {
    const cached = { kind: 'step-finished', ...step, cached: true, durationMs: 1, atMs: 0 } as const
    expect(eventLine(cached, colours)).toBe('= [ 6/13] training    xgboost  cached')
  })

  it('never writes past the width of the terminal', () => {
    const active = { ...step, share: 2, message: 'x'.repeat(200), startedAtMs: 0 }
    expect(activeLine(active, -5, 60)).toHaveLength(59)
    expect(activeLine(active, -5, 60)).toContain('100 %')
  })
})
