import { migration, type SqlWords } from './migration.ts'

const experimentsAndRuns = ({ counter, integer, text, table, keyed }: SqlWords) => `
CREATE TABLE experiments (
  number ${counter},
  name ${text} NOT NULL UNIQUE,
  project ${text} NOT NULL,
  artifact_location ${text} NOT NULL,
  is_deleted ${integer} NOT NULL DEFAULT 0,
  created_at_ms ${integer} NOT NULL,
  updated_at_ms ${integer} NOT NULL
) ${table};
CREATE TABLE experiment_tags (
  experiment ${integer} NOT NULL,
  key ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (experiment, key)
) ${keyed};

CREATE TABLE runs (
  number ${counter},
  id ${text} NOT NULL UNIQUE,
  experiment ${integer} NOT NULL REFERENCES experiments (number),
  name ${text} NOT NULL,
  user_name ${text} NOT NULL,
  status ${text} NOT NULL,
  is_deleted ${integer} NOT NULL DEFAULT 0,
  started_at_ms ${integer} NOT NULL,
  ended_at_ms ${integer},
  deleted_at_ms ${integer},
  artifact_uri ${text} NOT NULL
) ${table};
CREATE INDEX runs_listed ON runs (experiment, is_deleted, started_at_ms DESC, id);
`

const metrics = ({ counter, integer, double, text, table, keyed }: SqlWords) => `
CREATE TABLE entry_keys (
  number ${counter},
  key ${text} NOT NULL UNIQUE
) ${table};
CREATE TABLE metrics (
  run ${integer} NOT NULL,
  key ${integer} NOT NULL,
  step ${integer} NOT NULL,
  timestamp_ms ${integer} NOT NULL,
  value ${double} NOT NULL,
  is_nan ${integer} NOT NULL,
  PRIMARY KEY (run, key, step, timestamp_ms, value, is_nan)
) ${keyed};
CREATE TABLE latest_metrics (
  run ${integer} NOT NULL,
  key ${integer} NOT NULL,
  experiment ${integer} NOT NULL,
  step ${integer} NOT NULL,
  timestamp_ms ${integer} NOT NULL,
  value ${double} NOT NULL,
  is_nan ${integer} NOT NULL,
  PRIMARY KEY (run, key)
) ${keyed};
CREATE INDEX latest_metrics_by_value ON latest_metrics (experiment, key, is_nan, value, run);
`

const parametersAndTags = ({ integer, text, keyed }: SqlWords) => `
CREATE TABLE run_parameters (
  run ${integer} NOT NULL,
  key ${integer} NOT NULL,
  experiment ${integer} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (run, key)
) ${keyed};
CREATE INDEX run_parameters_by_value
  ON run_parameters (experiment, key, substr(value, 1, 64), run);
CREATE TABLE run_tags (
  run ${integer} NOT NULL,
  key ${integer} NOT NULL,
  experiment ${integer} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (run, key)
) ${keyed};
CREATE INDEX run_tags_by_value ON run_tags (experiment, key, substr(value, 1, 64), run);
`

const inputsAndOutputs = ({ counter, integer, text, table }: SqlWords) => `
CREATE TABLE datasets (
  number ${counter},
  experiment ${integer} NOT NULL,
  name ${text} NOT NULL,
  digest ${text} NOT NULL,
  source_type ${text} NOT NULL,
  source ${text} NOT NULL,
  schema ${text},
  profile ${text},
  UNIQUE (experiment, name, digest)
) ${table};
CREATE TABLE run_datasets (
  number ${counter},
  run ${integer} NOT NULL,
  dataset ${integer} NOT NULL,
  context ${text},
  tags_json ${text} NOT NULL,
  UNIQUE (run, dataset)
) ${table};
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset, run);
CREATE TABLE run_model_inputs (
  number ${counter},
  run ${integer} NOT NULL,
  model_id ${text} NOT NULL,
  UNIQUE (run, model_id)
) ${table};
CREATE TABLE run_model_outputs (
  number ${counter},
  run ${integer} NOT NULL,
  model_id ${text} NOT NULL,
  step ${integer} NOT NULL,
  UNIQUE (run, model_id, step)
) ${table};
`

const loggedModels = ({ counter, integer, double, text, table, keyed }: SqlWords) => `
CREATE TABLE logged_models (
  number ${counter},
  id ${text} NOT NULL UNIQUE,
  experiment ${integer} NOT NULL REFERENCES experiments (number),
  name ${text} NOT NULL,
  artifact_uri ${text} NOT NULL,
  status ${text} NOT NULL,
  status_message ${text},
  is_deleted ${integer} NOT NULL DEFAULT 0,
  model_type ${text} NOT NULL,
  source_run_id ${text},
  created_at_ms ${integer} NOT NULL,
  updated_at_ms ${integer} NOT NULL
) ${table};
CREATE INDEX logged_models_listed
  ON logged_models (experiment, is_deleted, created_at_ms DESC, id);
CREATE TABLE logged_model_parameters (
  model ${integer} NOT NULL,
  key ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (model, key)
) ${keyed};
CREATE TABLE logged_model_tags (
  model ${integer} NOT NULL,
  key ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (model, key)
) ${keyed};
CREATE TABLE logged_model_metrics (
  model ${integer} NOT NULL,
  key ${integer} NOT NULL,
  timestamp_ms ${integer} NOT NULL,
  step ${integer} NOT NULL,
  run ${integer} NOT NULL,
  value ${double} NOT NULL,
  is_nan ${integer} NOT NULL,
  dataset_name ${text},
  dataset_digest ${text},
  PRIMARY KEY (model, key, timestamp_ms, step, run)
) ${keyed};
CREATE INDEX logged_model_metrics_by_run ON logged_model_metrics (run);
`

/**
 * Experiments, runs, what runs log, logged models.
 *
 * `number`s are what rows refer to; texts such as `id` are what clients see. Rows of a run carry its
 * experiment too: an index can then serve a search within one experiment by itself. Values are
 * indexed by their first 64 characters, since PostgreSQL limits the size of an index entry.
 */
export const tracking = migration('tracking', (words) =>
  [experimentsAndRuns, metrics, parametersAndTags, inputsAndOutputs, loggedModels]
    .map((part) => part(words))
    .join(''),
)
