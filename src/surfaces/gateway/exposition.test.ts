import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { family, gauge } from './exposition.ts'
import { readExposition } from './fixtures/read-exposition.ts'

test('labels of any text come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
      const distinct = [...new Set(texts.map((text) => text.toWellFormed()))]
      const samples = distinct.map((text, i) => ['', { model: text, i }, i] as const)
      const [read] = readExposition(family({ name: 'a', type: 'gauge', help: 'b\nc', samples }))
      expect(read?.samples.map(({ labels }) => labels.model)).toEqual(distinct)
      expect(read?.help).toBe('b\\nc')
    }),
    { numRuns: 50 },
  )
})

test('every number has its text', () => {
  const values = [0, -1.5, 1e-9, 1e300, Number.NaN, Infinity, -Infinity]
  const text = values.map((value, i) => gauge(`g${i}`, 'a number', value)).join('')
  expect(readExposition(text).map(({ samples }) => samples[0]?.value)).toEqual(values)
})

/** The reader is worth something only if it refuses what is wrong. */
describe('the strict reader refuses', () => {
  const bucket = (le: string, n: number) => `h_bucket{le="${le}"} ${n}\n`
  const histogram = (body: string) => `# HELP h a\n# TYPE h histogram\n${body}`
  test.each([
    ['a missing HELP', '# TYPE a gauge\na 1\n'],
    ['a family that comes twice', gauge('a', 'b', 1) + gauge('a', 'b', 1)],
    ['a sample that comes twice', '# HELP a b\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ['a sample of another family', '# HELP a b\n# TYPE a gauge\nc 1\n'],
    ['a raw quote', '# HELP a b\n# TYPE a gauge\na{x="1"2"} 1\n'],
    ['an unknown escape', '# HELP a b\n# TYPE a gauge\na{x="\\t"} 1\n'],
    ['a value that is no number', '# HELP a b\n# TYPE a gauge\na Infinity\n'],
    ['a counter without _total', '# HELP a b\n# TYPE a counter\na 1\n'],
    ['a text without an end', '# HELP a b\n# TYPE a gauge\na 1'],
    ['falling buckets', histogram(`${bucket('1', 2)}${bucket('+Inf', 1)}h_sum 1\nh_count 1\n`)],
    [
      'a count that differs',
      histogram(`${bucket('1', 1)}${bucket('+Inf', 2)}h_sum 1\nh_count 3\n`),
    ],
    ['no bucket of all', histogram(`${bucket('1', 1)}h_sum 1\nh_count 1\n`)],
  ])('%s', (_, text) => {
    expect(() => readExposition(text)).toThrow()
  })
})
