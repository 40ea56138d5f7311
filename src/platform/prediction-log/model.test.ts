import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type {
  ExposureEntry,
  LabelEntry,
  MirrorEntry,
  PredictionEntry,
} from '../../core/records/index.ts'
import { compactLog } from './compact-log.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { InputRow } from './input-row.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import type { LabelledPrediction, PredictionLog, WrittenPrediction } from './prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-model-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const WRITERS = 2

/** The same log as plainly as can be: lists, searched from end to end. */
class NaiveLog {
  readonly predictions: PredictionEntry[] = []
  readonly exposures: ExposureEntry[] = []
  readonly labels: LabelEntry[] = []
  readonly mirrors: MirrorEntry[] = []

  #labelled(entry: PredictionEntry, knownMs: number): LabelledPrediction {
    let last: LabelEntry | undefined
    for (const label of this.labels) {
      if (label.id !== entry.id || label.timeMs > knownMs) continue
      if (last === undefined || label.timeMs >= last.timeMs) last = label
    }
    return { ...entry, label: last?.label ?? null }
  }

  get #firsts(): PredictionEntry[] {
    return this.predictions.filter(
      (entry, i) => this.predictions.findIndex(({ id }) => id === entry.id) === i,
    )
  }

  window(query: Parameters<PredictionLog['window']>[0]): LabelledPrediction[] {
    const { endpoint, fromMs, toMs, version, labelsKnownByMs = Infinity } = query
    return this.#firsts
      .filter((entry) => entry.endpoint === endpoint)
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
      .filter((entry) => version === undefined || entry.version === version)
      .toSorted((a, b) => a.timeMs - b.timeMs)
      .map((entry) => this.#labelled(entry, labelsKnownByMs))
  }

  exposed({ test, toMs, labelsKnownByMs = Infinity }: Parameters<PredictionLog['exposed']>[0]) {
    const seen = this.exposures.filter(({ test: run }) => run === test)
    return seen
      .filter((entry, i) => seen.findIndex(({ key }) => key === entry.key) === i)
      .filter(({ timeMs }) => timeMs < toMs)
      .toSorted((a, b) => a.timeMs - b.timeMs || (a.key < b.key ? -1 : 1))
      .flatMap((exposure) => {
        const entry = this.#firsts.find(({ id }) => id === exposure.prediction)
        if (entry === undefined || entry.version !== exposure.version) return []
        return [{ exposure, prediction: this.#labelled(entry, labelsKnownByMs) }]
      })
  }

  mirrored({ endpoint, version, fromMs, toMs }: Parameters<PredictionLog['mirrored']>[0]) {
    return this.mirrors
      .filter((entry) => entry.endpoint === endpoint && entry.version === version)
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
      .toSorted((a, b) => a.timeMs - b.timeMs)
  }

  count(endpoint: string): number {
    return this.#firsts.filter((entry) => entry.endpoint === endpoint).length
  }
}

const id = fc.constantFrom('a', 'b', 'ü"\\', 'd\n', "e'", '\u0000f', '漢', 'h', 'i')
const timeMs = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(0.5, 7.125, -3, 1_700_000_000_000.25),
)
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('\\ud800', '#E1 ', '\n#E2 ', '\n#.\n', '\u0000'),
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const endpoint = fc.constantFrom('e', 'f')
const version = fc.integer({ min: 1, max: 2 })
const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null })

const prediction: fc.Arbitrary<PredictionEntry> = fc
  .record({
    endpoint,
    version,
    id,
    timeMs,
    role: fc.constantFrom('stable' as const, 'canary' as const),
    inputs: fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      nullable(fc.oneof(text, finite)),
      { maxKeys: 4 },
    ),
    output: fc.array(finite, { maxLength: 3 }),
    decision: nullable(fc.boolean()),
    latencyUs: fc.integer({ min: 0, max: 1e6 }),
    flags: fc.array(text, { maxLength: 2 }),
  })
  .map((more) => sampleEntry(more.id, more.timeMs, { ...more, inputs: { ...more.inputs } }))

const exposure: fc.Arbitrary<ExposureEntry> = fc.record({
  endpoint,
  test: fc.constantFrom('t', 'u'),
  key: id,
  arm: fc.constantFrom('control', 'treatment'),
  version,
  prediction: id,
  timeMs,
})

const mirror: fc.Arbitrary<MirrorEntry> = fc.record({
  endpoint,
  version,
  id,
  timeMs,
  outcome: fc.constantFrom('compared', 'failed', 'dropped'),
  count: fc.integer({ min: 1, max: 9 }),
  difference: nullable(finite),
  changed: nullable(fc.boolean()),
  stableLatencyUs: nullable(fc.nat()),
  latencyUs: nullable(fc.nat()),
  error: nullable(text),
})

const writer = fc.nat({ max: WRITERS - 1 })
const bound = nullable(timeMs)
const step = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    writer,
    entries: fc.array(prediction, { maxLength: 4 }),
    exposures: fc.array(exposure, { maxLength: 2 }),
    areByName: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('label' as const),
    writer,
    labels: fc.array(fc.record({ id, label: text, timeMs }), { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('mirror' as const),
    writer,
    mirrors: fc.array(mirror, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('reopen' as const), writer }),
  fc.record({ kind: fc.constant('compact' as const) }),
  fc.record({
    kind: fc.constant('read' as const),
    writer,
    endpoint,
    version,
    isVersioned: fc.boolean(),
    span: fc.tuple(timeMs, timeMs),
    known: bound,
  }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface World {
  readonly folder: string
  readonly naive: NaiveLog
  readonly logs: PredictionLog[]
  nowMs: number
}

/** Every writer of a process has the clock's order between their writes. */
function open(world: World): Promise<PredictionLog> {
  const now = () => ++world.nowMs
  return openPredictionLog(world.folder, { now, journalBytes: 1_500, compacts: false })
}

function byName(entry: PredictionEntry): WrittenPrediction {
  return { ...entry, inputs: new InputRow(Object.keys(entry.inputs), Object.values(entry.inputs)) }
}

async function run(world: World, told: Step): Promise<void> {
  const { naive } = world
  if (told.kind === 'compact') {
    await compactLog(world.folder)
    return
  }
  const log = world.logs[told.writer] as PredictionLog
  if (told.kind === 'append') {
    await log.append(told.areByName ? told.entries.map(byName) : told.entries, told.exposures)
    naive.predictions.push(...told.entries)
    naive.exposures.push(...told.exposures)
  } else if (told.kind === 'label') {
    await log.appendLabels(told.labels)
    naive.labels.push(...told.labels)
  } else if (told.kind === 'mirror') {
    await log.appendMirrored(told.mirrors)
    naive.mirrors.push(...told.mirrors)
  } else if (told.kind === 'reopen') {
    await log.close()
    world.logs[told.writer] = await open(world)
  } else await compare(log, naive, told)
}

async function compare(log: PredictionLog, naive: NaiveLog, told: Extract<Step, { kind: 'read' }>) {
  const [fromMs = 0, toMs = 0] = told.span.toSorted((a, b) => a - b)
  const known = told.known === null ? {} : { labelsKnownByMs: told.known }
  const wide = { endpoint: told.endpoint, fromMs, toMs }
  const asked = { ...wide, ...known, ...(told.isVersioned ? { version: told.version } : {}) }
  expect(await log.window(asked)).toEqual(naive.window(asked))
  const all = { ...asked, fromMs: -Infinity, toMs: Infinity }
  expect(await log.window(all)).toEqual(naive.window(all))
  const exposed = { test: 't', toMs, ...known }
  expect(await log.exposed(exposed)).toEqual(naive.exposed(exposed))
  const mirrored = { ...wide, version: told.version }
  expect(await log.mirrored(mirrored)).toEqual(naive.mirrored(mirrored))
  expect(await log.count(told.endpoint)).toBe(naive.count(told.endpoint))
}

const LAST: Step = {
  ...{ kind: 'read', writer: 0, endpoint: 'e', version: 1, isVersioned: false },
  ...{ span: [0, 21], known: null },
}

describe('the prediction log, whatever is done to it', () => {
  it('answers as a plain list would: re-opened, of several writers, compacted at any time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), async (steps) => {
        const world: World = {
          folder: mkdtempSync(join(root, 'log-')),
          naive: new NaiveLog(),
          logs: [],
          nowMs: 1_700_000_000_000,
        }
        for (let i = 0; i < WRITERS; i++) world.logs.push(await open(world))
        try {
          for (const told of [...steps, LAST]) await run(world, told)
        } finally {
          await Promise.all(world.logs.map((log) => log.close()))
          rmSync(world.folder, { recursive: true })
        }
      }),
      { numRuns: 25 },
    )
  }, 240_000)
})
