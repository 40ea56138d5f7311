import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WatchList } from './watch-list.ts'

const item = (name: number) => ({ name, place: -1 })

test('holds what was added and not removed, like a set', () => {
  const step = fc.record({ adds: fc.boolean(), name: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const items = Array.from({ length: 21 }, (_, name) => item(name))
      const list = new WatchList<ReturnType<typeof item>>()
      const expected = new Set<number>()
      for (const { adds, name } of steps) {
        const one = items[name] ?? item(name)
        if (adds && !expected.has(name)) {
          list.add(one)
          expected.add(name)
        } else if (!adds) {
          list.remove(one)
          expected.delete(name)
        }
        expect(list.size).toBe(expected.size)
      }
      const shown: number[] = []
      list.each(({ name }) => shown.push(name))
      expect(shown.toSorted((a, b) => a - b)).toEqual([...expected].toSorted((a, b) => a - b))
    }),
  )
})

test('shows every item although each is removed when it is shown', () => {
  const list = new WatchList<ReturnType<typeof item>>()
  for (let name = 0; name < 10; name++) list.add(item(name))
  const shown: number[] = []
  list.each((one) => {
    shown.push(one.name)
    list.remove(one)
  })
  expect(shown.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(list.size).toBe(0)
})

test('an item of another list is none of this one', () => {
  const one = new WatchList<ReturnType<typeof item>>()
  const other = new WatchList<ReturnType<typeof item>>()
  const first = item(1)
  one.add(first)
  other.add(item(2))
  other.remove(first)
  expect([one.size, other.size]).toEqual([1, 1])
})
