import type { RolloutInput } from './input-types.ts'

type BlueGreen = Extract<RolloutInput, { kind: 'blue-green' }>
type Canary = Extract<RolloutInput, { kind: 'canary' }>
type AbTest = Extract<RolloutInput, { kind: 'ab-test' }>
type Shadow = Extract<RolloutInput, { kind: 'shadow' }>

/**
 * All traffic at once after warm-up; the version before stays warm for an instant way back.
 *
 * @example
 * deployment: { strategy: blueGreen() }
 */
export function blueGreen(): BlueGreen {
  return { kind: 'blue-green' }
}

/**
 * Traffic in steps of percent, each kept for `bake` and judged before the next. After the last one
 * the version takes all traffic, or with `next` goes on to an A/B run: the canary for safety, the
 * run for what the version is worth.
 *
 * @example
 * deployment: { strategy: canary({ steps: [5, 25, 50], bake: '6h' }) }
 *
 * @example
 * deployment: {
 *   strategy: canary({
 *     steps: [10, 50],
 *     next: abTest({ key: { column: 'customer_id' }, metric: 'valuePerDecision' }),
 *   }),
 * }
 */
export function canary(options: Omit<Canary, 'kind'> = {}): Canary {
  return { kind: 'canary', ...options }
}

/**
 * Two arms side by side until the difference is known: each key keeps its arm, and looking often
 * does not raise the chance of a false call above `alpha`. A broken guard rail ends it at once.
 *
 * @example
 * deployment: {
 *   strategy: abTest({ key: { column: 'customer_id' }, metric: 'valuePerDecision', minEffect: 0.5 }),
 * }
 */
export function abTest(options: Omit<AbTest, 'kind'>): AbTest {
  return { kind: 'ab-test', ...options }
}

/**
 * The new version sees a share of the requests after they were answered, and nobody sees its
 * answers; `next` says what follows when it kept its bounds.
 *
 * @example
 * deployment: { strategy: shadow({ maxChangedDecisions: 0.05, next: canary() }) }
 */
export function shadow(options: Omit<Shadow, 'kind'> = {}): Shadow {
  return { kind: 'shadow', ...options }
}
