import { describe, expect, it } from 'vitest'
import { createCircuitBreaker } from './circuit-breaker.ts'

describe('a circuit breaker', () => {
  it('lets everything through until failures come in a row', () => {
    const breaker = createCircuitBreaker({ failures: 3, retryEveryMs: 100 })
    for (let i = 0; i < 10; i++) {
      breaker.failed(i)
      breaker.failed(i)
      expect(breaker.allows(i)).toBe(true)
      breaker.succeeded()
    }
    expect(breaker.isResting).toBe(false)
  })

  it('asks once in each span while it rests, and goes on after one success', () => {
    const breaker = createCircuitBreaker({ failures: 3, retryEveryMs: 100 })
    for (let i = 0; i < 3; i++) breaker.failed(50)
    const asked = Array.from({ length: 400 }, (_, ms) => ms).filter((ms) => {
      if (!breaker.allows(50 + ms)) return false
      breaker.failed(50 + ms)
      return true
    })
    expect(asked).toEqual([100, 200, 300])
    expect(breaker.isResting).toBe(true)
    breaker.succeeded()
    expect([breaker.allows(451), breaker.allows(451)]).toEqual([true, true])
  })

  it('rests again after one more failure only when failures come in a row again', () => {
    const breaker = createCircuitBreaker({ failures: 2, retryEveryMs: 100 })
    for (const ms of [0, 0]) breaker.failed(ms)
    breaker.succeeded()
    breaker.failed(1)
    expect(breaker.allows(1)).toBe(true)
    breaker.failed(2)
    expect([breaker.allows(3), breaker.allows(101), breaker.allows(102)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
