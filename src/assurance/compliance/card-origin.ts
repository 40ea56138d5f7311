import { code, figure, plain, section, table } from './markdown.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

/** The parts of the frame, the sources with owner and licence, and the inputs. */
export function dataSection({ frame, project, run, snapshots }: ModelCardFacts): string {
  const parts = Object.entries(frame.parts).map(([name, part]) => [
    name,
    String(part.rows),
    part.from ?? '–',
    part.to ?? '–',
    Object.entries(part.classes)
      .map(([label, rows]) => `${plain(label)}: ${rows}`)
      .join(', '),
  ])
  const sources = Object.entries(snapshots).map(([name, snapshot]) => [
    plain(name),
    plain(snapshot.origin),
    String(snapshot.rows),
    String(snapshot.quarantined.rows),
    plain(project.sources[name]?.licence ?? 'not stated'),
    plain(project.sources[name]?.owner ?? 'not stated'),
  ])
  const inputs = run.signature.inputs.map(({ name, kind, view, onDemand, range, categories }) => [
    code(name),
    kind,
    originOf(view, onDemand),
    range === null ? knownTexts(categories) : `${figure(range[0])} to ${figure(range[1])}`,
  ])
  return section(
    'Data',
    table(['part', 'rows', 'from', 'to', 'classes'], parts),
    table(['source', 'origin', 'rows', 'quarantined', 'licence', 'owner'], sources),
    table(['input', 'kind', 'comes from', 'seen in training'], inputs),
  )
}

function originOf(view: string | null, onDemand: string | undefined): string {
  if (onDemand !== undefined) return `computed: ${code(onDemand)}`
  return view === null ? 'sent by the caller' : `feature view ${plain(view)}`
}

function knownTexts(categories: readonly string[] | null): string {
  return categories === null ? '–' : `${categories.length} categories`
}

/** How it was trained: recipe, cross-validation, machine, packages, parity. */
export function trainingSection({ run, project }: ModelCardFacts): string {
  const facts = [
    ['candidate', `${plain(run.candidate)} (${run.estimator})`],
    ['seed', String(run.seed)],
    ['rows', String(run.trainingRows)],
    ['split', `by ${project.dataset.split.by}`],
    ['duration', `${figure(run.durationMs / 1_000)} s`],
    ['peak memory', `${figure(run.peakMemoryMb)} MB`],
    ['hardware', `${plain(run.hardware.cpu)}, ${run.hardware.cores} cores`],
    ['Esteira', plain(run.code.esteira)],
    ['git commit', run.code.gitCommit === null ? 'not in a repository' : code(run.code.gitCommit)],
    [
      'ONNX against the fitted original',
      `largest difference ${run.parity.maxAbsoluteDifference.toExponential(2)} on ${run.parity.rows} rows`,
    ],
  ]
  const parameters = Object.entries(run.parameters).map(([name, value]) => [
    code(name),
    code(JSON.stringify(value) ?? 'null'),
  ])
  const folds = Object.entries(run.crossValidation).map(([name, value]) => [
    plain(name),
    figure(value),
    run.folds.map(({ metrics }) => foldFigure(metrics[name])).join(', '),
  ])
  const packages = Object.entries(run.packages).map(([name, version]) => `${name} ${version}`)
  return section(
    'Training',
    table(['fact', 'value'], facts),
    table(['parameter', 'value'], parameters),
    table(['metric', 'cross-validation', 'by fold'], folds),
    packages.length === 0 ? '' : `**Packages.** ${packages.map(plain).join(', ')}`,
    run.notes.length === 0 ? '' : `**Notes.** ${run.notes.map(plain).join(' ')}`,
  )
}

function foldFigure(value: number | undefined): string {
  return value === undefined ? '–' : figure(value)
}

/** Digests and ids from which everything above can be found again. */
export function lineageSection(facts: ModelCardFacts): string {
  const { snapshots, frame, run, evaluation, verdict, feasibility } = facts
  const rows = [
    ...Object.entries(snapshots).map(
      ([
        name,
        {
          table: { digest },
        },
      ]) => [`snapshot ${plain(name)}`, code(digest)],
    ),
    ...Object.entries(run.dataDigests).map(([name, digest]) => [
      `training data ${plain(name)}`,
      code(digest),
    ]),
    ['feasibility', code(feasibility.id)],
    ['dataset', code(frame.dataset)],
    ['frame', code(frame.id)],
    ['run', code(run.id)],
    ['evaluation', code(evaluation.id)],
    ['verdict', code(verdict.id)],
    ['model file', code(run.model.digest)],
    ['worker', code(run.code.workerDigest)],
  ]
  return section('Lineage', table(['what', 'digest or id'], rows))
}
