import path from 'node:path'
import { expect, test } from 'vitest'
import type {
  EndpointState,
  MonitorWindow,
  RetrainingDecision,
  RetrainingOutcome,
} from '../../src/core/records/index.ts'
import { openDatabase } from '../../src/platform/database/index.ts'
import { openPredictionLog } from '../../src/platform/prediction-log/index.ts'
import { openRecordStore } from '../../src/platform/storage/index.ts'
import { csvOf } from './fixtures/churn.ts'
import { documentOf, processesOf, startEsteira, untilProcessesEnd } from './fixtures/esteira.ts'
import { projectFolder } from './fixtures/folders.ts'
import { readings, sensorProject } from './fixtures/sensor.ts'

const SENSORS = 5
const REPLAYED_DAYS = 10
// One day more than is replayed, so that the last labels are there.
const FILES = {
  'readings.csv': csvOf(readings(32, SENSORS)),
  'esteira.config.json': sensorProject(),
}

interface ReplayAnswer {
  readonly days: number
  readonly requests: number
  readonly windows: number
  readonly retrainings: number
  readonly cached: boolean
}

/** What a window says of the world; how fast the gateway answered is the machine's affair. */
function lasting(window: MonitorWindow) {
  const { latency, throughputPerSecond, resources, ...rest } = window
  return rest
}

function answered({ predictions, byVersion }: ReturnType<typeof lasting>): number {
  const versions = Object.values(byVersion)
  return versions.length === 0
    ? predictions
    : versions.reduce((sum, version) => sum + version.predictions, 0)
}

interface Course {
  readonly windows: ReturnType<typeof lasting>[]
  readonly decisions: RetrainingDecision[]
  readonly outcomes: RetrainingOutcome[]
  readonly endpoint: EndpointState | undefined
  readonly predictions: number
}

/** What a replay left in the project's stores. */
async function courseOf(folder: string): Promise<Course> {
  const database = await openDatabase({ url: path.join(folder, '.esteira/metadata.db') })
  const store = openRecordStore(database, { project: 'machines' })
  const log = await openPredictionLog(path.join(folder, '.esteira/predictions'))
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)
  try {
    const [windows, decisions, outcomes, endpoint] = await Promise.all([
      store.list('monitor-window'),
      store.list('retraining-decision'),
      store.list('retraining-outcome'),
      store.readState<EndpointState>('endpoint/machines'),
    ])
    return {
      windows: windows
        .map(({ record }) => lasting(record))
        .toSorted((a, b) => (a.from < b.from ? -1 : 1)),
      decisions: decisions.map(({ record }) => record).toSorted(byId),
      outcomes: outcomes.map(({ record }) => record).toSorted(byId),
      endpoint: endpoint.value,
      predictions: await log.count('machines'),
    }
  } finally {
    await log.close()
    await database.close()
  }
}

test('a replay watches, decides and retrains; killed in the middle it ends all the same', async () => {
  const quiet = projectFolder(FILES)
  await documentOf(quiet, ['run'])
  const summary = await documentOf<ReplayAnswer>(quiet, ['replay'])
  expect(summary).toMatchObject({
    days: REPLAYED_DAYS,
    requests: REPLAYED_DAYS * 24 * SENSORS,
    windows: REPLAYED_DAYS / 2,
    cached: false,
  })
  const course = await courseOf(quiet)
  expect(course.predictions).toBe(summary.requests)
  // A window speaks of the stable version; beside a canary the rest is in `byVersion`.
  expect(course.windows.map(answered)).toEqual(Array.from({ length: 5 }, () => 2 * 24 * SENSORS))
  expect(course.decisions).toHaveLength(5)
  const retrained = course.decisions.filter(({ outcome }) => outcome === 'retrain')
  expect(retrained.length).toBeGreaterThanOrEqual(1)
  expect(course.outcomes.map(({ decision }) => decision).toSorted()).toEqual(
    retrained.map(({ id }) => id).toSorted(),
  )
  expect(course.outcomes.map(({ result }) => result)).not.toContain('failed')

  const again = await documentOf<ReplayAnswer>(quiet, ['replay'])
  expect(again).toEqual({ ...summary, cached: true })

  const disturbed = projectFolder(FILES)
  await documentOf(disturbed, ['run'])
  const running = startEsteira(disturbed, ['replay'])
  await running.printed(/2024-01-23 to 2024-01-25/)
  running.child.kill('SIGKILL')
  await running.ended
  await untilProcessesEnd(disturbed)
  expect(processesOf(disturbed)).toEqual([])
  const finished = await documentOf<ReplayAnswer>(disturbed, ['replay'])
  expect(finished).toMatchObject({ requests: summary.requests, windows: summary.windows })
  expect(await courseOf(disturbed)).toEqual(course)
}, 300_000)
