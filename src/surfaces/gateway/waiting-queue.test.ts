import { expect, test } from 'vitest'
import { bytesOfValues, createWaitingQueue } from './waiting-queue.ts'

test('a queue takes no more than its number and its bytes, and gives out in order', () => {
  const queue = createWaitingQueue<string>({ items: () => 3, bytes: 10 })
  expect([queue.offer('a', 6), queue.offer('b', 5), queue.offer('c', 4)]).toEqual([
    true,
    false,
    true,
  ])
  expect(queue.take()).toBe('a')
  expect([queue.offer('d', 1), queue.offer('e', 1), queue.offer('f', 1)]).toEqual([
    true,
    true,
    false,
  ])
  expect([queue.take(), ...queue.clear(), queue.take()]).toEqual(['c', 'd', 'e', undefined])
  expect(queue.offer('g', 10)).toBe(true)
})

test('values weigh what they hold, within rows as well', () => {
  expect(bytesOfValues([[1, null], ['four']])).toBe(16 + 8 + 8)
  expect(bytesOfValues([[[1, 2], ['x']]])).toBe(16 + 16 + 8 + 2)
})
