import { stringify } from 'yaml'
import type { Evaluation, Project } from '../../core/records/index.ts'
import type { ModelCardFacts } from './model-card-facts.ts'

/** Hugging Face's task name of each problem type; it knows tabular tasks only for these. */
const TASKS: Readonly<Record<Project['problem']['type'], string | null>> = {
  'binary-classification': 'tabular-classification',
  'multiclass-classification': 'tabular-classification',
  regression: 'tabular-regression',
  clustering: null,
}

/** Hugging Face's metric ids, where it has one for ours. */
const METRIC_IDS: Readonly<Record<string, string>> = {
  rocAuc: 'roc_auc',
  brier: 'brier_score',
  rmse: 'rmse',
  r2: 'r_squared',
}

/**
 * The card's YAML head. The licence is `other` with a name, since the model's owner has not chosen
 * one by training it.
 */
export function frontMatter({ project, run, evaluation }: ModelCardFacts): string {
  const task = TASKS[project.problem.type]
  const metrics = Object.keys(evaluation.metrics).map(metricId)
  const head = {
    license: 'other',
    license_name: 'not-stated',
    library_name: 'onnx',
    tags: ['esteira', 'onnx', 'tabular', project.problem.type, run.estimator],
    ...(task === null ? {} : { pipeline_tag: task }),
    metrics,
    'model-index': [modelIndex(project, evaluation, task)],
  }
  return `---\n${stringify(head, { lineWidth: 0 })}---\n`
}

function modelIndex(project: Project, evaluation: Evaluation, task: string | null) {
  return {
    name: project.name,
    results: [
      {
        task: { type: task ?? 'other', name: project.problem.type },
        dataset: { type: project.name, name: project.name, split: evaluation.part },
        metrics: Object.entries(evaluation.metrics).map(([name, { value }]) => ({
          type: metricId(name),
          name,
          value,
        })),
      },
    ],
  }
}

function metricId(name: string): string {
  return METRIC_IDS[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
