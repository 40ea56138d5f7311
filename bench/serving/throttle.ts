/** Long beside a request, short beside a round. */
const PERIOD_MS = 40

/**
 * Lets processes run for a share of the time only, one behind the other, so that a machine with few
 * cores shows what more of them would do: N processes of a share S take N × S of a core together.
 *
 * @param share of a core that each of them gets, below 1 / N
 * @returns lets them run on freely
 */
export function throttle(pids: readonly number[], share: number): () => void {
  const timers = new Set<NodeJS.Timeout>()
  const later = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer)
  }
  const begin = performance.now()
  const turn = (pid: number, at: number): void => {
    const startedAt = begin + at
    signal(pid, 'SIGCONT')
    later(startedAt + share * PERIOD_MS - performance.now(), () => {
      signal(pid, 'SIGSTOP')
      // Counted from the beginning, so that late timers do not add up.
      later(startedAt + PERIOD_MS - performance.now(), () => turn(pid, at + PERIOD_MS))
    })
  }
  for (const [place, pid] of pids.entries()) {
    signal(pid, 'SIGSTOP')
    const at = (place * PERIOD_MS) / pids.length
    later(at, () => turn(pid, at))
  }
  return () => {
    for (const timer of timers) clearTimeout(timer)
    for (const pid of pids) signal(pid, 'SIGCONT')
  }
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended; whoever measures sees that by itself.
  }
}
