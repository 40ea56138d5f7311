import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import type {
  BeltRun,
  EndpointState,
  Evaluation,
  ModelVersion,
  Verdict,
} from '../../src/core/records/index.ts'
import { churnProject, csvOf, customers } from './fixtures/churn.ts'
import { documentOf, processesOf, startEsteira, untilProcessesEnd } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'
import { brokenArtifacts, leftovers } from './fixtures/stored-state.ts'

const FILES = {
  'customers.csv': csvOf(customers(1_500)),
  'esteira.config.json': churnProject(),
}

interface Result {
  readonly artifact: string
  readonly threshold: number | null
  readonly verdict: Pick<Verdict, 'id' | 'outcome' | 'candidate'>
  readonly metrics: Evaluation['metrics']
  readonly endpoint: EndpointState | null
  readonly versions: number
}

/** What a finished run led to; durations and latencies left aside. */
async function resultOf(folder: string): Promise<Result & { readonly run: BeltRun }> {
  const { run } = await documentOf<{ run: BeltRun }>(folder, ['run'])
  const [version, verdict, status, versions] = await Promise.all([
    documentOf<ModelVersion>(folder, ['show', 'version', String(run.version)]),
    documentOf<Verdict>(folder, ['show', 'verdict', String(run.verdicts.at(-1))]),
    documentOf<{ endpoint: EndpointState | null }>(folder, ['status']),
    documentOf<unknown[]>(folder, ['show', 'version']),
  ])
  const evaluation = await documentOf<Evaluation>(folder, [
    'show',
    'evaluation',
    verdict.evaluation,
  ])
  return {
    run,
    artifact: version.artifact.digest,
    threshold: version.threshold,
    verdict: { id: verdict.id, outcome: verdict.outcome, candidate: verdict.candidate },
    metrics: evaluation.metrics,
    endpoint: status.endpoint,
    versions: versions.length,
  }
}

// Each journey is two runs of the belt, beside whatever else the machine does.
vi.setConfig({ testTimeout: 180_000 })

let undisturbed: Result

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'esteira-journey-'))
  try {
    writeFiles(folder, FILES)
    const { run: _run, ...result } = await resultOf(folder)
    undisturbed = result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

const MOMENTS = [
  { moment: 'after collection', line: /snapshot customers/, kept: 'snapshot customers' },
  { moment: 'during training', line: /train simple-rule|train baseline/, kept: 'dataset' },
  { moment: 'after the gate', line: /verdict on/, kept: 'train trees' },
] as const

test.each(MOMENTS)(
  'a belt killed $moment ends, run again, as one left alone',
  async ({ line, kept }) => {
    const folder = projectFolder(FILES)
    const running = startEsteira(folder, ['run'])
    await running.printed(line)
    running.child.kill('SIGKILL')
    expect((await running.ended).signal).toBe('SIGKILL')
    await untilProcessesEnd(folder)
    expect(processesOf(folder)).toEqual([])

    const { run, ...result } = await resultOf(folder)
    expect(result).toEqual(undisturbed)
    expect(run.steps.find((step) => step.name === kept)).toMatchObject({ cached: true })
    expect(brokenArtifacts(folder)).toEqual([])
    expect(leftovers(folder)).toEqual([])
  },
)

test('Ctrl-C ends the belt in order, and the next run goes on from there', async () => {
  const folder = projectFolder(FILES)
  const running = startEsteira(folder, ['run'])
  await running.printed(/point-in-time join/)
  running.child.kill('SIGINT')
  const { code, err } = await running.ended
  expect(code).toBe(130)
  expect(err).toContain('INTERRUPTED')
  expect(processesOf(folder)).toEqual([])

  const { run, ...result } = await resultOf(folder)
  expect(result).toEqual(undisturbed)
  expect(run.steps.find((step) => step.name === 'dataset')).toMatchObject({ cached: true })
})
