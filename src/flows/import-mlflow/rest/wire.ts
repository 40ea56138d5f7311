import { z } from 'zod'

/** The shapes of MLflow's answers; what is in them is checked when it becomes a source record. */
const given = z.unknown().optional()
const token = z.string().nullish()
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((all) => all ?? [])
const pairs = list(z.object({ key: given, value: given }))

export const experimentsAnswer = z.object({
  experiments: list(
    z.object({
      experiment_id: given,
      name: given,
      lifecycle_stage: given,
      creation_time: given,
      tags: pairs,
    }),
  ),
  next_page_token: token,
})

const wireRun = z.object({
  info: z.object({
    run_id: given,
    run_name: given,
    user_id: given,
    status: given,
    lifecycle_stage: given,
    start_time: given,
    end_time: given,
    artifact_uri: given,
  }),
  data: z
    .object({ metrics: list(z.object({ key: given })), params: pairs, tags: pairs })
    .nullish()
    .transform((data) => data ?? { metrics: [], params: [], tags: [] }),
  inputs: z
    .object({
      dataset_inputs: list(
        z.object({
          tags: pairs,
          dataset: z.object({
            name: given,
            digest: given,
            source_type: given,
            source: given,
            schema: given,
            profile: given,
          }),
        }),
      ),
      model_inputs: list(z.object({ model_id: given })),
    })
    .nullish(),
  outputs: z.object({ model_outputs: list(z.object({ model_id: given, step: given })) }).nullish(),
})
export type WireRun = z.infer<typeof wireRun>

export const runsAnswer = z.object({ runs: list(wireRun), next_page_token: token })

export const historyAnswer = z.object({
  metrics: list(z.object({ key: given, value: given, timestamp: given, step: given })),
  next_page_token: token,
})

const wireLoggedModel = z.object({
  info: z.object({
    model_id: given,
    name: given,
    creation_timestamp_ms: given,
    artifact_uri: given,
    status: given,
    model_type: given,
    source_run_id: given,
    tags: pairs,
  }),
  data: z
    .object({
      params: pairs,
      metrics: list(
        z.object({
          key: given,
          value: given,
          timestamp: given,
          step: given,
          run_id: given,
          dataset_name: given,
          dataset_digest: given,
        }),
      ),
    })
    .nullish(),
})
export type WireLoggedModel = z.infer<typeof wireLoggedModel>

export const loggedModelsAnswer = z.object({
  models: list(wireLoggedModel),
  next_page_token: token,
})

export const registeredModelsAnswer = z.object({
  registered_models: list(
    z.object({
      name: z.string(),
      creation_timestamp: given,
      description: given,
      tags: pairs,
      aliases: list(z.object({ alias: given, version: given })),
    }),
  ),
  next_page_token: token,
})

const wireVersion = z.object({
  version: given,
  creation_timestamp: given,
  description: given,
  user_id: given,
  current_stage: given,
  source: given,
  run_id: given,
  run_link: given,
  status: given,
  tags: pairs,
})
export type WireVersion = z.infer<typeof wireVersion>

export const versionsAnswer = z.object({
  model_versions: list(wireVersion),
  next_page_token: token,
})

export const filesAnswer = z.object({
  files: list(
    z.object({
      path: z.string(),
      is_dir: z.boolean().nullish(),
      file_size: z.union([z.number(), z.string().regex(/^\d{1,15}$/)]).nullish(),
    }),
  ),
  next_page_token: token,
})
