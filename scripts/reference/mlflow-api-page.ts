import { MLFLOW_ROUTES } from '../../src/surfaces/mlflow/route-table.ts'
import { KNOWN_ELSEWHERE } from '../../src/surfaces/mlflow/unsupported.ts'
import { GENERATED, markdownTable } from './markdown-table.ts'

const INTRODUCTION = `# MLflow API

The endpoints of MLflow's REST API that the server answers, so that the \`mlflow\` Python client works unchanged. Each stands below \`/api\` and \`/ajax-api\`; those marked "pages" below \`/ajax-api\` only. Bodies are JSON, and so are the bodies of \`PATCH\` and \`DELETE\`; a \`GET\` has its fields in the query, lists by repeating a field. Fields that are not known are ignored.

The header \`X-MLFLOW-WORKSPACE\` (in the client: \`mlflow.set_workspace\` or \`MLFLOW_WORKSPACE\`) names the project in which experiments and registered models are created and searched; without it they go to the caller's default project, and searches see every project that the caller may read.

Errors are \`{"error_code", "message"}\` with MLflow's codes and statuses. All else below these paths is answered with 404 \`ENDPOINT_NOT_FOUND\`.`

const DIFFERENCES = `## Where it differs from MLflow's own server

- \`artifact_location\` and \`source\` may not name the server's own files, web addresses or paths with \`..\`: only \`mlflow-artifacts:/\`, \`runs:/\`, \`models:/\`, and what lies below the artifact roots that the operator chose.
- Whole numbers beyond ±9,007,199,254,740,991 are refused.
- Bodies are limited to 4 MiB (\`runs/log-inputs\`: 20 MiB).`

/** `docs/reference/mlflow-api.md`: what the route table says. */
export function mlflowApiPage(): string {
  const rows = MLFLOW_ROUTES.map((route) => [
    `\`${route.method} ${route.version}/mlflow/${route.path}\`${route.isForPages ? ' (pages)' : ''}`,
    route.purpose,
    route.permission === undefined ? '' : `\`${route.permission}\``,
  ])
  const unsupported = Object.entries(KNOWN_ELSEWHERE).map(([part, why]) => [`\`${part}\``, why])
  return [
    GENERATED,
    INTRODUCTION,
    '## Tracking and registry',
    markdownTable(['endpoint', 'purpose', 'permission'], rows),
    '## Not served',
    'The prompt registry (registered models with the tag `mlflow.prompt.is_prompt`) is answered with 501 `NOT_IMPLEMENTED`. These are answered with 404 `ENDPOINT_NOT_FOUND`:',
    markdownTable(['path begins with', 'why'], unsupported),
    DIFFERENCES,
    '',
  ].join('\n\n')
}
