import type { ExitName } from '../../core/errors/index.ts'
import type { BeltRun } from '../../core/records/index.ts'

const EXIT_OF_OUTCOME: Readonly<Record<BeltRun['outcome'], ExitName>> = {
  deployed: 'ok',
  'champion-kept': 'ok',
  rejected: 'rejected',
  'no-go': 'no-go',
  failed: 'worker',
}

/** The exit code's name for how a belt run ended; a kept champion is a good end. */
export function exitOfRun(run: BeltRun): ExitName {
  return EXIT_OF_OUTCOME[run.outcome]
}
