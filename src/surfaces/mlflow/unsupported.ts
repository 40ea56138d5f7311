/** Parts of MLflow that are known and not served, by the first part of their path. */
export const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  traces: 'Traces are not kept by this server',
  'unified-traces': 'Traces are not kept by this server',
  assessments: 'Assessments are not kept by this server',
  scorers: 'Scorers are not kept by this server',
  datasets: 'Evaluation datasets are not kept by this server',
  webhooks: 'Webhooks are not sent by this server',
  gateway: 'The AI gateway is not part of this server',
  'prompt-optimization': 'Prompts are not kept by this server',
  'label-schemas': 'Label schemas are not kept by this server',
  'review-queues': 'Review queues are not kept by this server',
  issues: 'Issues are not kept by this server',
  jobs: 'Jobs of MLflow are not run by this server',
  workspaces: 'Workspaces are projects here and are not managed by MLflow clients',
}

/** Why nothing is at a path, as far as it is known. */
export function keptElsewhere(path: string): string {
  const [, part = ''] = /\/mlflow\/([^/]*)/.exec(path) ?? []
  const known = Object.hasOwn(KNOWN_ELSEWHERE, part) ? KNOWN_ELSEWHERE[part] : undefined
  return known ?? 'This endpoint is not served'
}
