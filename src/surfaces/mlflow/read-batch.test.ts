import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlatformError } from '../../core/errors/index.ts'
import { readDouble, readInteger, writeDouble } from './numbers.ts'
import { readLogBatch, readLogMetric, readSetTag } from './read-batch.ts'

const point = { key: 'loss', value: 0.5, timestamp: 1_700_000_000_000 }

describe('a logged batch', () => {
  it('takes integers as numbers and as texts, and numbers that JSON has no word for', () => {
    const { runId, batch } = readLogBatch({
      run_id: 'r',
      metrics: [
        { ...point, step: '7', model_id: 'm-1' },
        { ...point, timestamp: '1700000000000', value: 'NaN' },
        { ...point, value: '-Infinity', step: null },
        { ...point, value: '1e-3', dataset_name: 'd', dataset_digest: 'x' },
      ],
      params: [{ key: 'a', value: '1' }, { key: 'empty' }],
      tags: [{ key: 'k', value: 'v' }],
      not_known: { to: 'us' },
    })
    expect(runId).toBe('r')
    expect(batch.metrics.map(({ value, step }) => [value, step])).toEqual([
      [0.5, 7],
      [Number.NaN, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [0.001, 0],
    ])
    expect(batch.metrics[1]?.timestampMs).toBe(1_700_000_000_000)
    expect(batch.metrics[3]).toMatchObject({ datasetName: 'd', datasetDigest: 'x' })
    expect(batch.parameters).toEqual([
      { key: 'a', value: '1' },
      { key: 'empty', value: '' },
    ])
    expect(batch.tags).toEqual({ k: 'v' })
  })

  it.each([
    [{ metrics: [] }, 'run_id'],
    [{ run_id: '', metrics: [] }, 'run_id'],
    [{ run_id: 'r', metrics: [{ ...point, key: undefined }] }, 'metrics[0].key'],
    [{ run_id: 'r', metrics: [point, { ...point, value: null }] }, 'metrics[1].value'],
    [{ run_id: 'r', metrics: [{ key: 'a', value: 1 }] }, 'metrics[0].timestamp'],
    [{ run_id: 'r', params: [{ value: 'x' }] }, 'params[0].key'],
    [{ run_id: 'r', tags: [{ value: 'x' }] }, 'tags[0].key'],
  ])('%j lacks %s', (body, field) => {
    expect(() => readLogBatch(body)).toThrow(
      expect.objectContaining({ code: 'MLFLOW_FIELD_MISSING', details: { field } }),
    )
  })

  it.each([
    [{ run_id: 1 }, 'run_id'],
    [{ run_id: 'r', metrics: {} }, 'metrics'],
    [{ run_id: 'r', metrics: ['x'] }, 'metrics[0]'],
    [{ run_id: 'r', metrics: [[]] }, 'metrics[0]'],
    [{ run_id: 'r', metrics: [{ ...point, value: true }] }, 'metrics[0].value'],
    [{ run_id: 'r', metrics: [{ ...point, value: '0x10' }] }, 'metrics[0].value'],
    [{ run_id: 'r', metrics: [{ ...point, timestamp: 1.5 }] }, 'metrics[0].timestamp'],
    [{ run_id: 'r', metrics: [{ ...point, timestamp: 2 ** 60 }] }, 'metrics[0].timestamp'],
    [{ run_id: 'r', metrics: [{ ...point, step: '9'.repeat(30) }] }, 'metrics[0].step'],
    [{ run_id: 'r', params: [{ key: 'a', value: 1 }] }, 'params[0].value'],
    [{ run_id: 'r', tags: [{ key: ['a'], value: 'x' }] }, 'tags[0].key'],
    [{ run_id: 'r', metrics: Array(1_001).fill(point) }, 'metrics'],
    [{ run_id: 'r', params: Array(101).fill({ key: 'a' }) }, 'params'],
    [
      { run_id: 'r', metrics: Array(950).fill(point), tags: Array(60).fill({ key: 'a' }) },
      'metrics, params, tags',
    ],
  ])('is refused when %# is wrong', (body, field) => {
    expect(() => readLogBatch(body)).toThrow(
      expect.objectContaining({
        code: 'MLFLOW_FIELD_INVALID',
        details: expect.objectContaining({ field }),
      }),
    )
  })

  it('keeps a key that objects are built with as a key like any other', () => {
    const { batch } = readSetTag({ run_id: 'r', key: '__proto__', value: 'x' })
    expect(Object.entries(batch.tags)).toEqual([['__proto__', 'x']])
  })

  it('reads or refuses whatever comes, and never fails otherwise', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), fc.anything(), (metrics, other) => {
        for (const body of [metrics, { run_id: 'r', metrics, params: other, tags: [other] }]) {
          for (const read of [readLogBatch, readLogMetric, readSetTag]) {
            try {
              read(body)
            } catch (error) {
              expect(isPlatformError(error)).toBe(true)
            }
          }
        }
      }),
    )
  })
})

describe('numbers', () => {
  it('come back from what they are written as', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(readDouble(JSON.parse(JSON.stringify(writeDouble(value))))).toBe(
          Object.is(value, -0) ? 0 : value,
        )
      }),
    )
  })

  it('are whole only where a number holds them exactly', () => {
    expect(readInteger('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER)
    expect(readInteger('9007199254740993')).toBeUndefined()
    expect(readInteger('1e3')).toBeUndefined()
    expect(readInteger(' 1')).toBeUndefined()
    expect(readInteger('-12')).toBe(-12)
  })
})
