import { closestName } from '../../core/errors/index.ts'
import type { AbMetric, Project } from '../../core/records/index.ts'
import { checkLog } from './check-log.ts'
import { checkOnDemand } from './check-on-demand.ts'
import {
  type IssueFacts,
  type Locate,
  type ProjectIssue,
  type ProjectPath,
  projectIssue,
  valueText,
} from './issue.ts'

/** A name that does not exist among those it may be. */
function unknownName(
  path: ProjectPath,
  name: string,
  what: string,
  known: readonly string[],
): IssueFacts[] {
  if (known.includes(name)) return []
  const choices = known.length === 0 ? `; there is none` : `: ${known.join(', ')}`
  const didYouMean = closestName(name, known)
  return [{ path, expected: `${what}${choices}`, got: valueText(name), didYouMean }]
}

function checkViews(project: Project): IssueFacts[] {
  const entities = Object.keys(project.entities)
  return Object.entries(project.featureViews).flatMap(([name, view]) =>
    unknownName(['featureViews', name, 'entity'], view.entity, 'one of the entities', entities),
  )
}

/** Defaults name features of their view, as far as the view lists them. */
function checkDefaults(project: Project): IssueFacts[] {
  return Object.entries(project.featureViews).flatMap(([name, view]) => {
    const keys = project.entities[view.entity]?.keys ?? []
    return Object.keys(view.defaults).flatMap((feature): IssueFacts[] => {
      const path = ['featureViews', name, 'defaults', feature]
      if (feature === view.eventTime || keys.includes(feature)) {
        const what = feature === view.eventTime ? 'event time' : 'key'
        return [{ path, expected: `a feature of "${name}"`, got: `its ${what}` }]
      }
      const listed = view.features
      return listed === undefined
        ? []
        : unknownName(path, feature, `a feature of "${name}"`, listed)
    })
  })
}

/** Features of a view that lists them; undefined when only its SQL knows. */
function listedFeatures(project: Project, view: string): readonly string[] | undefined {
  return project.featureViews[view]?.features
}

function checkFeatureNames(project: Project): IssueFacts[] {
  const views = Object.keys(project.featureViews)
  return project.dataset.features.flatMap((written, index) => {
    const path = ['dataset', 'features', index]
    const [view = '', ...rest] = written.split('.')
    const feature = rest.join('.')
    const wrongView = unknownName(path, view, 'one of the feature views', views)
    const listed = listedFeatures(project, view)
    if (wrongView.length > 0 || feature === '' || listed === undefined) return wrongView
    return unknownName(path, feature, `a feature of "${view}"`, listed)
  })
}

function checkExpectations(project: Project): IssueFacts[] {
  const sources = Object.keys(project.sources)
  return Object.entries(project.sources).flatMap(([name, source]) =>
    source.expectations.flatMap((expectation, index) => {
      const path = ['sources', name, 'expectations', index]
      const isReference = expectation.expect === 'reference'
      const wrongSource = isReference
        ? unknownName([...path, 'source'], expectation.source, 'one of the sources', sources)
        : []
      const isBounded = expectation.expect === 'range' || expectation.expect === 'row-count'
      if (!isBounded) return wrongSource
      return checkBounds(path, expectation.min, expectation.max, ['min', 'max'])
    }),
  )
}

/** At least one of two bounds, and the lower not above the upper. */
function checkBounds(
  path: ProjectPath,
  low: number | undefined,
  high: number | undefined,
  names: readonly [string, string],
): IssueFacts[] {
  const [lowName, highName] = names
  if (low === undefined && high === undefined) {
    return [{ path, expected: `${lowName}, ${highName}, or both`, got: 'neither' }]
  }
  if (low === undefined || high === undefined || low <= high) return []
  return [{ path: [...path, lowName], expected: `at most ${highName}, ${high}`, got: `${low}` }]
}

type CandidateOfProject = Project['candidates'][number]

/** A field that only one estimator has, and that it needs. */
function checkOwnField(
  candidate: CandidateOfProject,
  path: ProjectPath,
  field: 'members' | 'file',
  owner: 'voting' | 'custom',
): IssueFacts[] {
  const value = candidate[field]
  const isOwner = candidate.estimator === owner
  const isGiven = value !== undefined && value.length > 0
  if (isOwner === isGiven) return []
  const expected = isOwner
    ? `a value, since "${owner}" needs it`
    : `nothing, since only "${owner}" has it`
  return [{ path: [...path, field], expected, got: valueText(value) }]
}

function checkCandidate(project: Project, index: number, candidate: CandidateOfProject) {
  const path = ['candidates', index]
  const first = project.candidates.findIndex((other) => other.name === candidate.name)
  const got = `${valueText(candidate.name)} twice`
  const twice: IssueFacts[] =
    first === index ? [] : [{ path: [...path, 'name'], expected: 'a name of its own', got }]
  const others = project.candidates
    .filter((other) => other.estimator !== 'voting' && other.name !== candidate.name)
    .map((other) => other.name)
  const members = candidate.estimator === 'voting' ? (candidate.members ?? []) : []
  return [
    ...twice,
    ...checkOwnField(candidate, path, 'members', 'voting'),
    ...checkOwnField(candidate, path, 'file', 'custom'),
    ...members.flatMap((member, at) =>
      unknownName([...path, 'members', at], member, 'another candidate', others),
    ),
  ]
}

function checkCandidates(project: Project): IssueFacts[] {
  return project.candidates.flatMap((candidate, index) => checkCandidate(project, index, candidate))
}

/** Columns that slices and groups may name (a feature is `view__feature`); undefined when a view's own SQL decides them. */
function columnsForGroups(project: Project): string[] | undefined {
  const { inputs, keep, features, onDemand, id } = project.dataset
  const names = [...inputs, ...keep, ...Object.keys(onDemand), id]
  for (const written of features) {
    const [view = '', ...rest] = written.split('.')
    const feature = rest.join('.')
    const listed = feature === '' ? listedFeatures(project, view) : [feature]
    if (listed === undefined) return undefined
    names.push(...listed.map((name) => `${view}__${name}`))
  }
  return names
}

function checkGroups(project: Project): IssueFacts[] {
  const { slices, fairness } = project.evaluation
  const groups = fairness?.groups ?? []
  const known = columnsForGroups(project)
  const what = 'one of the columns in dataset.inputs, keep, features or onDemand'
  const named = (path: ProjectPath, name: string) =>
    known === undefined ? [] : unknownName(path, name, what, known)
  const criteria = project.gate.criteria.flatMap((criterion, index) => {
    const path = ['gate', 'criteria', index, 'column']
    if (criterion.kind === 'fairness') {
      return unknownName(path, criterion.column, 'one of evaluation.fairness.groups', groups)
    }
    if (criterion.kind === 'slice') {
      return unknownName(path, criterion.column, 'one of evaluation.slices', slices)
    }
    return []
  })
  return [
    ...slices.flatMap((name, index) => named(['evaluation', 'slices', index], name)),
    ...groups.flatMap((name, index) => named(['evaluation', 'fairness', 'groups', index], name)),
    ...criteria,
  ]
}

function checkBoundsOfGate(project: Project): IssueFacts[] {
  return project.gate.criteria.flatMap((criterion, index) =>
    criterion.kind === 'absolute' || criterion.kind === 'slice'
      ? checkBounds(['gate', 'criteria', index], criterion.atLeast, criterion.atMost, [
          'atLeast',
          'atMost',
        ])
      : [],
  )
}

/** Metrics that an A/B run can measure, by the problem's type. */
const AB_METRICS_OF: Readonly<Record<Project['problem']['type'], readonly AbMetric[]>> = {
  'binary-classification': ['valuePerDecision', 'accuracy', 'conversion'],
  'multiclass-classification': ['valuePerDecision', 'accuracy'],
  regression: ['valuePerDecision', 'label', 'absoluteError'],
  clustering: [],
}

function checkAbTest(project: Project): IssueFacts[] {
  const { strategy } = project.deployment
  if (strategy.kind !== 'ab-test') return []
  const path = ['deployment', 'strategy']
  const { key, metric } = strategy
  const { type, value } = project.problem
  const keys = Object.values(project.entities).flatMap((entity) => entity.keys)
  const what = `a metric that "${type}" has`
  const wrongMetric = unknownName([...path, 'metric'], metric, what, AB_METRICS_OF[type])
  const noValue: IssueFacts[] =
    metric === 'valuePerDecision' && value === undefined
      ? [{ path: [...path, 'metric'], expected: 'problem.value beside it', got: 'no value' }]
      : []
  if (key === 'parameters.key') return [...wrongMetric, ...noValue]
  const sent = [...new Set([...project.dataset.inputs, ...keys])]
  const column = unknownName([...path, 'key', 'column'], key.column, 'a column callers send', sent)
  return [...column, ...wrongMetric, ...noValue]
}

function checkProblem(project: Project): IssueFacts[] {
  const { problem, dataset } = project
  const facts: IssueFacts[] = []
  const isClustering = problem.type === 'clustering'
  if (!isClustering && problem.target === undefined) {
    const expected = `the dataset's column to predict, since the type is "${problem.type}"`
    facts.push({ path: ['problem', 'target'], expected, got: 'nothing' })
  }
  if (isClustering && problem.target !== undefined) {
    const expected = 'nothing, since clustering has no target'
    facts.push({ path: ['problem', 'target'], expected, got: valueText(problem.target) })
  }
  if (dataset.inputs.length === 0 && dataset.features.length === 0) {
    const expected = 'at least one column in dataset.inputs or dataset.features'
    facts.push({ path: ['dataset', 'inputs'], expected, got: 'none' })
  }
  const target = dataset.inputs.indexOf(problem.target ?? '')
  if (target >= 0) {
    const expected = 'columns known before the prediction'
    const got = `the target "${problem.target}"`
    facts.push({ path: ['dataset', 'inputs', target], expected, got })
  }
  if (dataset.predictionTime === undefined) facts.push(...checkTimes(project))
  return facts
}

/** What needs to know when a prediction is made. */
function checkTimes({ dataset }: Project): IssueFacts[] {
  const path = ['dataset', 'predictionTime']
  const column = 'the column that says when the prediction is made'
  if (dataset.split.by === 'time') {
    return [{ path, expected: `${column}, since the split is by time`, got: 'nothing' }]
  }
  if (dataset.features.length > 0) {
    return [{ path, expected: `${column}, since features are joined by time`, got: 'nothing' }]
  }
  return []
}

/** Checks that every name in a project names something, and that its parts agree. */
export function checkReferences(
  project: Project,
  options: { readonly locate?: Locate } = {},
): ProjectIssue[] {
  const locate = options.locate ?? (() => undefined)
  const facts = [
    ...checkProblem(project),
    ...checkExpectations(project),
    ...checkViews(project),
    ...checkDefaults(project),
    ...checkFeatureNames(project),
    ...checkOnDemand(project),
    ...checkCandidates(project),
    ...checkGroups(project),
    ...checkBoundsOfGate(project),
    ...checkAbTest(project),
    ...checkLog(project),
  ]
  return facts.map((fact) => projectIssue(fact, locate))
}
