import { statfsSync } from 'node:fs'

/**
 * Numbers of file systems behind a network or another process (Linux, `statfs(2)`): NFS, SMB, FUSE,
 * 9P, Ceph, Lustre, AFS. A write there may take for ever.
 */
const DISTANT: ReadonlySet<number> = new Set([
  0x69_69, 0xff_53_4d_42, 0xfe_53_4d_42, 0x51_7b, 0x65_73_55_46, 0x01_02_19_97, 0x00_c3_64_00,
  0x0b_d0_0b_d0, 0x53_46_41_4f,
])
/** A write to the system's memory takes some microseconds; one that takes so long waited for a disk. */
const SLOW_MS = 10
/** For so long after it writes are left to other threads. */
const CAREFUL_FOR_MS = 10_000

/**
 * Says whether the next write may be made in the event loop's own turn. That is thirty times as fast as
 * by way of another thread, as long as the system only takes the bytes into its memory; it must not be
 * when the system makes writers wait for its disk. So after a slow write others wait in other threads
 * for a while: a disk in trouble stops the event loop once in ten seconds, for one write.
 */
export class WritePace {
  readonly #folder: string
  /** Undefined until the first write: then the folder is there. */
  #isNear: boolean | undefined
  #carefulUntilMs = Number.NEGATIVE_INFINITY

  /** @param folder where it is written; on a network all writes are left to other threads */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @param nowMs of a clock that never goes back */
  isQuick(nowMs: number): boolean {
    this.#isNear ??= isNear(this.#folder)
    return this.#isNear && nowMs >= this.#carefulUntilMs
  }

  /** Tells of a write made in the event loop. */
  took(ms: number, nowMs: number): void {
    if (ms >= SLOW_MS) this.#carefulUntilMs = nowMs + CAREFUL_FOR_MS
  }
}

function isNear(folder: string): boolean {
  try {
    return !DISTANT.has(statfsSync(folder).type)
  } catch {
    return false
  }
}
