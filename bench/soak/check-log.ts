import { openPlatform } from '../../src/flows/index.ts'
import { ENDPOINT } from '../serving/bench-project.ts'
import { FATES, requestId } from './soak-job.ts'

/** Bounds what is held at once. */
const SLICE_MS = 5_000
const TOLERANCE = 1e-5

export interface LogCheck {
  /** Acknowledged predictions that the log does not have, has twice, or has otherwise. */
  readonly missing: number
  readonly repeated: number
  readonly different: number
  /** In the log though their callers were refused or lost: allowed, since they gave up first. */
  readonly unacknowledged: number
  readonly logged: number
}

export interface CheckLogOptions {
  /** Of the project. */
  readonly folder: string
  readonly fromMs: number
  readonly toMs: number
  /** By number of the request. */
  readonly fates: Uint8Array
  readonly expected: Readonly<Record<string, readonly number[]>>
}

/** Reads the prediction log back and holds it against what the client was told. */
export async function checkLog(options: CheckLogOptions): Promise<LogCheck> {
  const { folder, fromMs, toMs, fates } = options
  const platform = await openPlatform({ projectFolder: folder })
  const comparison = compareWith(options)
  try {
    for (let at = fromMs; at < toMs; at += SLICE_MS) {
      const slice = { endpoint: ENDPOINT, fromMs: at, toMs: Math.min(at + SLICE_MS, toMs) }
      for (const prediction of await platform.log.window(slice)) comparison.see(prediction)
    }
    const missing = fates.reduce(
      (sum, fate, number) => sum + (fate < FATES.wrong && !comparison.has(number) ? 1 : 0),
      0,
    )
    return { ...comparison.found, missing, logged: await platform.log.count(ENDPOINT) }
  } finally {
    await platform.close()
  }
}

interface Logged {
  readonly id: string
  readonly version: number
  readonly output: readonly number[]
}

function compareWith({ fates, expected }: Pick<CheckLogOptions, 'fates' | 'expected'>) {
  const seen = new Uint8Array(fates.length)
  const found = { repeated: 0, different: 0, unacknowledged: 0 }
  const rows = Object.values(expected)[0]?.length ?? 1
  const isAsAnswered = ({ version, output }: Logged, number: number) => {
    const wanted = expected[version]?.[number % rows] ?? Number.NaN
    return fates[number] === version && Math.abs((output[1] ?? Number.NaN) - wanted) <= TOLERANCE
  }
  return {
    found,
    has: (number: number): boolean => seen[number] === 1,
    see(prediction: Logged): void {
      const { id } = prediction
      const number = Number(id.slice(id.indexOf('-') + 1))
      if (id !== requestId(number) || number >= fates.length) throw new Error(`unknown id ${id}`)
      if (seen[number] === 1) found.repeated++
      seen[number] = 1
      if ((fates[number] ?? FATES.lost) >= FATES.wrong) found.unacknowledged++
      else if (!isAsAnswered(prediction, number)) found.different++
    },
  }
}
