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
  const { folder, fromMs, toMs, fates, expected } = options
  const platform = await openPlatform({ projectFolder: folder })
  const seen = new Uint8Array(fates.length)
  const found = { repeated: 0, different: 0, unacknowledged: 0 }
  const rows = Object.values(expected)[0]?.length ?? 1
  try {
    for (let at = fromMs; at < toMs; at += SLICE_MS) {
      const slice = { endpoint: ENDPOINT, fromMs: at, toMs: Math.min(at + SLICE_MS, toMs) }
      for (const { id, version, output } of await platform.log.window(slice)) {
        const number = Number(id.slice(id.indexOf('-') + 1))
        if (id !== requestId(number) || number >= fates.length) throw new Error(`unknown id ${id}`)
        if (seen[number] === 1) found.repeated++
        seen[number] = 1
        const fate = fates[number] ?? FATES.lost
        const wanted = expected[version]?.[number % rows] ?? Number.NaN
        if (fate >= FATES.wrong) found.unacknowledged++
        else if (fate !== version || !(Math.abs((output[1] ?? 0) - wanted) <= TOLERANCE)) {
          found.different++
        }
      }
    }
    const missing = fates.reduce(
      (sum, fate, number) => sum + (fate < FATES.wrong && seen[number] !== 1 ? 1 : 0),
      0,
    )
    return { ...found, missing, logged: await platform.log.count(ENDPOINT) }
  } finally {
    await platform.close()
  }
}
