import { renderModelCard } from '../assurance/compliance/index.ts'
import type {
  Candidate,
  Feasibility,
  Frame,
  ModelVersion,
  Reference,
} from '../core/records/index.ts'
import { referenceSchema } from '../core/records/index.ts'
import { isoTime } from '../core/time/index.ts'
import { buildReference } from '../stages/evaluation/index.ts'
import { environmentHistory, promoteVersion, registerVersion } from '../stages/registry/index.ts'
import type { FeatureTables } from './assemble-frame.ts'
import type { BeltJournal } from './belt-journal.ts'
import type { Snapshots } from './collect-sources.ts'
import { type Judged, withModel } from './judge-candidates.ts'
import type { Platform } from './platform.ts'
import { publishModel } from './track-belt/index.ts'

export interface RegisterRequest {
  readonly snapshots: Snapshots
  readonly tables: FeatureTables
  readonly frame: Frame
  readonly feasibility: Feasibility
  readonly judged: Judged
  /** The recipe as it was asked for, so that it can be trained again. */
  readonly candidate: Candidate
}

function buildModelReference(journal: BeltJournal, request: RegisterRequest): Promise<Reference> {
  const { platform } = journal
  const { run } = request.judged.best
  return journal.step<Reference>({
    stage: 'registry',
    name: `reference of ${run.candidate}`,
    codeVersion: 1,
    inputs: { model: run.model.digest, frame: request.frame.id },
    output: referenceSchema,
    run: () =>
      withModel(platform, { artifact: run.model, signature: run.signature }, (session) =>
        buildReference({
          session,
          frame: request.frame,
          engine: platform.engine,
          artifacts: platform.artifacts,
        }),
      ),
  })
}

/** Through development to staging, unless the version stood there before. */
async function reachStaging(
  { project, store }: Platform,
  version: number,
  grounds: { readonly verdict: string; readonly atMs: number },
): Promise<void> {
  for (const environment of ['development', 'staging'] as const) {
    const history = await environmentHistory({ store, model: project.name, environment })
    if (history.some((change) => change.version === version)) continue
    await promoteVersion({
      store,
      model: project.name,
      version,
      environment,
      by: 'belt',
      reason: `verdict ${grounds.verdict}`,
      atMs: grounds.atMs,
    })
  }
}

/** Stage 10: an immutable version with its lineage and model card, on its way to staging. */
export async function registerModel(
  journal: BeltJournal,
  request: RegisterRequest,
): Promise<ModelVersion> {
  const { platform, asOfMs } = journal
  const { project, store, artifacts } = platform
  const { frame, judged, candidate, feasibility } = request
  const { run } = judged.best
  const reference = await buildModelReference(journal, request)
  return journal.always('registry', 'register and promote to staging', async () => {
    const { evaluation, verdict } = judged
    const text = renderModelCard({
      project,
      run,
      frame,
      feasibility,
      evaluation,
      verdict,
      snapshots: request.snapshots,
    })
    const card = await artifacts.putBytes(text, { name: 'model-card.md' })
    const parts = { run, evaluation, verdict, card: text }
    const published = await publishModel(platform, journal.tracking, parts)
    const digests = <T extends { table: { digest: string } }>(items: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(items).map(([name, item]) => [name, item.table.digest]))
    const version = await registerVersion({
      store,
      model: project.name,
      artifact: run.model,
      signature: run.signature,
      threshold: evaluation.threshold,
      lineage: {
        snapshots: digests(request.snapshots),
        featureTables: digests(request.tables),
        dataset: frame.dataset,
        frame: frame.id,
        run: run.id,
        evaluation: evaluation.id,
        verdict: verdict.id,
      },
      metrics: Object.fromEntries(
        Object.entries(evaluation.metrics).map(([name, estimate]) => [name, estimate.value]),
      ),
      candidate: {
        name: candidate.name,
        estimator: candidate.estimator,
        parameters: candidate.parameters,
      },
      reference,
      card,
      asOf: isoTime(asOfMs),
      nowMs: platform.clock.now(),
      published,
    })
    await reachStaging(platform, version.version, { verdict: verdict.id, atMs: asOfMs })
    return version
  })
}
