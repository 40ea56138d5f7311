import type { ImportWork } from './import-context.ts'
import { attempt, ifFound } from './import-context.ts'
import { type RunFacts, textsHere } from './import-run.ts'
import { digestOfTexts, metricDigest } from './metric-digest.ts'
import type { SourceRun } from './source-records.ts'

/** How an experiment was there, and how it is here. */
export interface ExperimentCheck {
  readonly sourceId: string
  readonly id: string
  readonly name: string
  readonly runs: number
  readonly points: number
  /** SHA-256 over all metric points of all its runs, as read from the source. */
  readonly sourceDigest: string
  /** The same, read back from here. */
  readonly digest: string
  readonly isSame: boolean
}

export interface ImportedExperiment {
  readonly sourceId: string
  readonly id: string
  readonly name: string
  readonly facts: readonly RunFacts[]
}

/** Reads back all runs of an experiment and compares them with what the source gives. */
export async function verifyExperiment(
  work: ImportWork,
  { facts, ...experiment }: ImportedExperiment,
): Promise<ExperimentCheck> {
  const read = new Map(facts.map((one) => [one.id, one]))
  const digests: string[] = []
  const counts = { runs: 0, points: 0 }
  const before = work.tally.problemCount
  for await (const run of work.source.runs(experiment.sourceId)) {
    const theirs = read.get(run.id)
    const ours = await attempt(work, `run/${run.id}`, () => factsHere(work, run))
    if (ours === undefined || theirs === undefined) {
      const reason = theirs ? 'it is not here' : 'it was logged after the import had begun'
      work.tally.problem(`run/${run.id}`, reason)
      continue
    }
    counts.runs += 1
    counts.points += ours.points
    digests.push(`${run.id} ${ours.digest}`)
    const differing = [...ours.differing, ...(ours.digest === theirs.digest ? [] : ['metrics'])]
    if (differing.length > 0)
      work.tally.problem(`run/${run.id}`, `it differs from the source in ${differing.join(', ')}`)
  }
  const sourceDigest = digestOfTexts(facts.map(({ id, digest }) => `${id} ${digest}`))
  const digest = digestOfTexts(digests)
  const isSame = digest === sourceDigest && work.tally.problemCount === before
  return { ...experiment, ...counts, sourceDigest, digest, isSame }
}

interface FactsHere {
  readonly points: number
  readonly digest: string
  /** Names of what is not here as it is there. */
  readonly differing: readonly string[]
}

async function factsHere(work: ImportWork, run: SourceRun): Promise<FactsHere | undefined> {
  const here = await ifFound('RUN_NOT_FOUND', () => work.tracking.run(run.id))
  if (here === undefined) return undefined
  let points = 0
  const digests: string[] = []
  for (const key of run.metricKeys) {
    const texts = await textsHere(work, run.id, key)
    points += texts.size
    digests.push(`${key} ${metricDigest(texts)}`)
  }
  const parameters = new Map(here.parameters.map(({ key, value }) => [key, value]))
  const comparisons: Readonly<Record<string, boolean>> = {
    status: here.status === run.status,
    name: run.name === '' || here.name === run.name,
    end: run.endedAtMs == null || here.endedAtMs === run.endedAtMs,
    parameters: run.parameters.every(({ key, value }) => parameters.get(key) === value),
    tags: Object.entries(run.tags).every(([key, value]) => here.tags[key] === value),
    datasets: run.datasets.length <= here.datasets.length,
    'model inputs': run.modelInputs.length <= here.modelInputs.length,
    'model outputs': run.modelOutputs.length <= here.modelOutputs.length,
    lifecycle: here.lifecycle === run.lifecycle,
  }
  const differing = Object.keys(comparisons).filter((name) => comparisons[name] === false)
  return { points, digest: digestOfTexts(digests), differing }
}
