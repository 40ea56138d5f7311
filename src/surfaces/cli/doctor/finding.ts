/** What `esteira doctor` says of one thing. */
export interface Finding {
  readonly name: string
  /** `missing` stops the belt, `warning` does not. */
  readonly state: 'good' | 'warning' | 'missing'
  readonly found: string
  readonly needed: string
  /** How to get it; empty when all is good. */
  readonly remedy: string
}

export interface Probe {
  readonly name: string
  readonly needed: string
  readonly remedy: string
  /** State when the probe says no. */
  readonly otherwise: 'warning' | 'missing'
  readonly look: () => Promise<{ readonly isGood: boolean; readonly found: string }>
}

/** Looks at one thing; a probe that throws has found that it does not work, and why. */
export async function find(probe: Probe): Promise<Finding> {
  const { name, needed, remedy, otherwise } = probe
  try {
    const { isGood, found } = await probe.look()
    return { name, needed, found, state: isGood ? 'good' : otherwise, remedy: isGood ? '' : remedy }
  } catch (error) {
    const found = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { name, needed, found, state: otherwise, remedy }
  }
}
