import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RolloutStrategy } from '../../src/core/records/index.ts'
import { openPlatform, type Platform, startRolloutNow } from '../../src/flows/index.ts'
import { promoteVersion, registerVersion } from '../../src/stages/registry/index.ts'
import type { BenchModels } from './model-files.ts'

export const ENDPOINT = 'bench'
/** The feature view of a project that has one; it gives the model's last two inputs. */
export const VIEW = 'profile'
export const LOOKED_UP = 2

export interface BenchProjectOptions {
  readonly folder: string
  readonly models: BenchModels
  /** As in the project file. */
  readonly deployment: Readonly<Record<string, unknown>>
  /** Whether the last inputs come from a feature view, by customer. */
  readonly looksUp: boolean
  /** How version 2 begins beside version 1; without it only version 1 answers. */
  readonly rollout?: RolloutStrategy
}

/** A customer whose features are those of a row. */
export const customerOf = (row: number): string => `customer-${row}`

/**
 * Makes a project folder as a belt would have left it: versions that came through staging, the
 * first in production, features online. Commands of the real command line work on it.
 */
export async function makeBenchProject(options: BenchProjectOptions): Promise<void> {
  const { folder, models, deployment, looksUp, rollout } = options
  mkdirSync(folder, { recursive: true })

  writeFileSync(
    path.join(folder, 'esteira.config.json'),
    JSON.stringify(projectFile(models, deployment)),
  )
  const platform = await openPlatform({ projectFolder: folder })
  try {
    await addVersions(platform, models, looksUp)
    const ask = { by: { name: 'bench', from: 'cli' }, reason: 'the benchmark' }
    const strategy = { kind: 'blue-green' } as const
    await startRolloutNow(platform, { ...ask, version: 1, strategy })
    if (rollout !== undefined) {
      await startRolloutNow(platform, { ...ask, version: 2, strategy: rollout })
    }
    if (looksUp) await putFeatures(platform, models)
  } finally {
    await platform.close()
  }
}

function projectFile(models: BenchModels, deployment: Readonly<Record<string, unknown>>) {
  const looked = models.features.slice(-LOOKED_UP)
  return {
    name: ENDPOINT,
    problem: {
      statement: 'Will this customer come back?',
      type: 'binary-classification',
      target: 'comes_back',
    },
    sources: { customers: { kind: 'csv', path: 'customers.csv' } },
    entities: { customer: { keys: ['customer'] } },
    featureViews: {
      [VIEW]: {
        entity: 'customer',
        sql: `SELECT customer, at, ${looked.join(', ')} FROM customers`,
        eventTime: 'at',
        features: looked,
      },
    },
    dataset: { sql: 'SELECT * FROM customers', id: 'id', inputs: [...models.features] },
    gate: { criteria: [{ kind: 'absolute', metric: 'rocAuc', atLeast: 0.5 }] },
    deployment: { endpoint: ENDPOINT, ...deployment },
  }
}

async function addVersions(
  { store, artifacts }: Platform,
  models: BenchModels,
  looksUp: boolean,
): Promise<void> {
  await store.put('verdict', 'verdict_1', {
    id: 'verdict_1',
    outcome: 'yes',
    candidate: 'xgboost',
    evaluation: 'evaluation_1',
    champion: null,
    policyDigest: 'c'.repeat(64),
    criteria: [],
    reasons: [],
  })
  const nowMs = Date.now()
  for (const version of models.versions) {
    const artifact = await artifacts.putFile(models.onnx(version), { name: 'model.onnx' })
    const parts = versionParts({ models, looksUp, run: `run_${version}`, artifact })
    await registerVersion({ store, nowMs, ...parts })
    for (const environment of ['development', 'staging'] as const) {
      const entry = { store, model: ENDPOINT, version, environment, by: 'bench', reason: 'fit' }
      await promoteVersion({ ...entry, atMs: nowMs })
    }
  }
}

type Artifact = Awaited<ReturnType<Platform['artifacts']['putFile']>>

function versionParts(from: {
  readonly models: BenchModels
  readonly looksUp: boolean
  readonly run: string
  readonly artifact: Artifact
}) {
  const { models, looksUp, run, artifact } = from
  const own = models.features.length - (looksUp ? LOOKED_UP : 0)
  return {
    model: ENDPOINT,
    artifact,
    signature: {
      schemaVersion: 1 as const,
      problemType: 'binary-classification' as const,
      inputs: models.features.map((name, i) => {
        const [low, high] = models.ranges[i] ?? [0, 0]
        const common = { kind: 'number' as const, range: [low, high] as [number, number] }
        const shared = { ...common, categories: null }
        return i < own
          ? { name, view: null, ...shared }
          : { name: `${VIEW}__${name}`, view: VIEW, ...shared }
      }),
      classes: ['0', '1'],
      positiveClass: '1',
      tensors: models.tensors,
    },
    threshold: 0.5,
    lineage: {
      snapshots: {},
      featureTables: {},
      dataset: 'dataset_1',
      frame: 'frame_1',
      run,
      evaluation: 'evaluation_1',
      verdict: 'verdict_1',
    },
    metrics: {},
    candidate: { name: 'xgboost', estimator: 'xgboost' as const, parameters: {} },
    reference: { inputs: [], prediction: null, rows: 20_000 },
    card: artifact,
    asOf: null,
  }
}

async function putFeatures({ online }: Platform, models: BenchModels): Promise<void> {
  const names = models.features.slice(-LOOKED_UP)
  const eventTimeMs = Date.now() - 60_000
  const rows = models.rows.map((row, i) => ({
    keys: [customerOf(i)],
    values: Object.fromEntries(
      names.map((name, j) => [name, row[row.length - LOOKED_UP + j] ?? null]),
    ),
    eventTimeMs,
  }))
  await online.put(VIEW, rows)
}
