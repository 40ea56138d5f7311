import { z } from 'zod'
import { allowRun } from '../access.ts'
import { mlflowErrors } from '../errors.ts'
import { NOTHING } from '../nothing.ts'
import {
  type RunBatch,
  readLogBatch,
  readLogMetric,
  readLogParameter,
  readSetTag,
} from '../read-batch.ts'
import { bySchema, excerpt, name } from '../request-fields.ts'
import { defineFastRoute, defineRoute, type MlflowRoute, type RouteCall } from '../route.ts'

async function logBatch(call: RouteCall<RunBatch>): Promise<object> {
  const { runId, batch } = call.input
  await allowRun(call, 'experiments:write', runId)
  await call.tracking.logBatch(call.by, runId, batch)
  return NOTHING
}

const fast = [
  ['log-batch', 'Log metrics, parameters and tags at once', readLogBatch],
  ['log-metric', 'Log one value of a metric', readLogMetric],
  ['log-parameter', 'Log a parameter', readLogParameter],
  ['set-tag', 'Set a tag of a run', readSetTag],
] as const

/** The tag in which MLflow 2 keeps what models a run logged. */
const MODEL_HISTORY = 'mlflow.log-model.history'

const modelFacts = bySchema(
  z.object({
    run_id: name,
    artifact_path: name,
    utc_time_created: name,
    model_uuid: z.string().nullish(),
    flavors: z.record(z.string(), z.unknown()),
  }),
)

export const loggingRoutes: readonly MlflowRoute[] = [
  ...fast.map(([path, purpose, read]) =>
    defineFastRoute({
      route: `POST runs/${path}`,
      purpose,
      permission: 'experiments:write',
      read,
      answer: logBatch,
    }),
  ),
  defineRoute({
    route: 'POST runs/delete-tag',
    purpose: 'Delete a tag of a run',
    permission: 'experiments:write',
    input: z.object({ run_id: name, key: name }),
    async answer(call) {
      const { run_id, key } = call.input
      await allowRun(call, 'experiments:write', run_id)
      await call.tracking.deleteRunTag(call.by, run_id, key)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST runs/log-model',
    purpose: 'Note a logged model in the tags of a run (MLflow 2)',
    permission: 'experiments:write',
    input: z.object({ run_id: name, model_json: name }),
    async answer(call) {
      const { run_id, model_json } = call.input
      await allowRun(call, 'experiments:write', run_id)
      const { tags } = await call.tracking.run(run_id)
      const history = [...parsedList(tags[MODEL_HISTORY]), modelNote(model_json)]
      await call.tracking.logBatch(call.by, run_id, {
        metrics: [],
        parameters: [],
        tags: { [MODEL_HISTORY]: JSON.stringify(history) },
      })
      return NOTHING
    },
  }),
]

function modelNote(modelJson: string): object {
  let raw: unknown
  try {
    raw = JSON.parse(modelJson)
  } catch (cause) {
    const got = excerpt(modelJson)
    const details = { field: 'model_json', expected: 'a JSON object', got }
    throw mlflowErrors.MLFLOW_FIELD_INVALID(details, cause)
  }
  const facts = modelFacts(raw)
  return { ...facts, flavors: withoutConfigs(facts.flavors) }
}

/** A flavour's configuration may be long; the model's own file keeps it. */
function withoutConfigs(flavors: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(flavors).map(([flavor, facts]) => {
      if (typeof facts !== 'object' || facts === null) return [flavor, facts]
      const { config: _, ...rest } = facts as Readonly<Record<string, unknown>>
      return [flavor, rest]
    }),
  )
}

function parsedList(text: string | undefined): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(parsed) ? parsed : []
  } catch {
    // A client may have written anything into the tag; then it starts anew.
    return []
  }
}
