import type { Comparator, EntryKind } from './comparison.ts'

/** An attribute that may be filtered by or ordered by. */
export interface AttributeGrammar {
  readonly type: 'text' | 'number'
  /** The field's own name; several names may be aliases of one field. */
  readonly field: string
  readonly comparators: readonly Comparator[]
  /** Whether results may be ordered by it. */
  readonly isOrdering: boolean
}

/** What may be asked of one kind of thing. */
export interface FilterGrammar {
  /** What is searched for, in messages: `runs`. */
  readonly subject: string
  /** What stands before the dot, such as `metrics`, and what it means. */
  readonly prefixes: Readonly<Record<string, EntryKind>>
  readonly attributes: Readonly<Record<string, AttributeGrammar>>
  /** Comparators of entries with free keys. */
  readonly entries: Readonly<Partial<Record<EntryKind, readonly Comparator[]>>>
  /** Kinds that results may be ordered by, beside attributes. */
  readonly orderedKinds: readonly EntryKind[]
}

const NUMBER: readonly Comparator[] = ['=', '!=', '<', '<=', '>', '>=']
const TEXT: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE']
const LIST: readonly Comparator[] = [...TEXT, 'IN', 'NOT IN']
const PRESENCE: readonly Comparator[] = [...TEXT, 'IS NULL', 'IS NOT NULL']

const TAGS = { tag: 'tag', tags: 'tag' } as const
const ATTRIBUTES = { attribute: 'attribute', attributes: 'attribute', attr: 'attribute' } as const

function text(field: string, comparators = TEXT): AttributeGrammar {
  return { type: 'text', field, comparators, isOrdering: true }
}

function number(field: string): AttributeGrammar {
  return { type: 'number', field, comparators: NUMBER, isOrdering: true }
}

function unordered(attribute: AttributeGrammar): AttributeGrammar {
  return { ...attribute, isOrdering: false }
}

const runName = text('run_name')
const startTime = number('start_time')
const datasetText = unordered(text('', LIST))

export const RUN_GRAMMAR: FilterGrammar = {
  subject: 'runs',
  prefixes: {
    metric: 'metric',
    metrics: 'metric',
    param: 'parameter',
    params: 'parameter',
    parameter: 'parameter',
    parameters: 'parameter',
    ...TAGS,
    ...ATTRIBUTES,
    run: 'attribute',
    dataset: 'dataset',
    datasets: 'dataset',
  },
  attributes: {
    run_id: text('run_id', LIST),
    run_name: runName,
    'run name': runName,
    'Run name': runName,
    'Run Name': runName,
    user_id: text('user_id'),
    status: text('status'),
    artifact_uri: text('artifact_uri'),
    start_time: startTime,
    created: startTime,
    Created: startTime,
    end_time: number('end_time'),
  },
  entries: { metric: NUMBER, parameter: PRESENCE, tag: PRESENCE, dataset: LIST },
  orderedKinds: ['metric', 'parameter', 'tag'],
}

/** Keys of datasets are a closed list. */
export const DATASET_ATTRIBUTES: Readonly<Record<string, AttributeGrammar>> = {
  name: { ...datasetText, field: 'name' },
  digest: { ...datasetText, field: 'digest' },
  context: { ...datasetText, field: 'context' },
}

export const EXPERIMENT_GRAMMAR: FilterGrammar = {
  subject: 'experiments',
  prefixes: { ...TAGS, attribute: 'attribute', attributes: 'attribute' },
  attributes: {
    name: text('name'),
    experiment_id: text('experiment_id', ['=', '!=', 'IN', 'NOT IN']),
    creation_time: number('creation_time'),
    last_update_time: number('last_update_time'),
  },
  entries: { tag: PRESENCE },
  orderedKinds: [],
}

const modelCreated = number('creation_timestamp')
const modelUpdated = number('last_updated_timestamp')

export const LOGGED_MODEL_GRAMMAR: FilterGrammar = {
  subject: 'logged models',
  prefixes: {
    metric: 'metric',
    metrics: 'metric',
    param: 'parameter',
    params: 'parameter',
    ...TAGS,
    ...ATTRIBUTES,
  },
  attributes: {
    name: text('name', LIST),
    model_id: text('model_id', LIST),
    model_type: text('model_type', LIST),
    status: text('status', LIST),
    source_run_id: text('source_run_id', LIST),
    creation_time: modelCreated,
    creation_timestamp: modelCreated,
    creation_timestamp_ms: modelCreated,
    last_updated_time: modelUpdated,
    last_updated_timestamp: modelUpdated,
    last_updated_timestamp_ms: modelUpdated,
  },
  entries: { metric: NUMBER, parameter: LIST, tag: LIST },
  orderedKinds: ['metric'],
}

export const REGISTERED_MODEL_GRAMMAR: FilterGrammar = {
  subject: 'registered models',
  prefixes: { ...TAGS, attribute: 'attribute', attributes: 'attribute' },
  attributes: {
    name: text('name', LIST),
    creation_timestamp: modelCreated,
    last_updated_timestamp: modelUpdated,
    // Older clients order by it.
    timestamp: modelUpdated,
  },
  entries: { tag: TEXT },
  orderedKinds: [],
}

export const MODEL_VERSION_GRAMMAR: FilterGrammar = {
  subject: 'model versions',
  prefixes: { ...TAGS, attribute: 'attribute', attributes: 'attribute' },
  attributes: {
    name: text('name', LIST),
    version_number: number('version_number'),
    run_id: unordered(text('run_id', LIST)),
    source_path: unordered(text('source_path')),
    creation_timestamp: modelCreated,
    last_updated_timestamp: modelUpdated,
  },
  entries: { tag: TEXT },
  orderedKinds: [],
}
