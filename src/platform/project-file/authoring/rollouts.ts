import type { RolloutInput } from './input-types.ts'

type BlueGreen = Extract<RolloutInput, { kind: 'blue-green' }>
type Canary = Extract<RolloutInput, { kind: 'canary' }>

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
 * Traffic in steps of percent, each kept for `bake` and judged before the next.
 *
 * @example
 * deployment: { strategy: canary({ steps: [5, 25, 50], bake: '6h' }) }
 */
export function canary(options: Omit<Canary, 'kind'> = {}): Canary {
  return { kind: 'canary', ...options }
}
