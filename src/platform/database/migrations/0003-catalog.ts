import { appendOnly, type Migration, migration, type SqlWords } from './migration.ts'

const versionTables = ({ counter, integer, text, table, keyed }: SqlWords) => `
CREATE TABLE catalog_models (
  number ${counter},
  name ${text} NOT NULL,
  project ${text} NOT NULL,
  description ${text} NOT NULL,
  created_at_ms ${integer} NOT NULL,
  updated_at_ms ${integer} NOT NULL,
  last_version ${integer} NOT NULL DEFAULT 0,
  deleted_at_ms ${integer}
) ${table};
CREATE UNIQUE INDEX catalog_models_by_name ON catalog_models (name) WHERE deleted_at_ms IS NULL;
CREATE INDEX catalog_models_by_update ON catalog_models (updated_at_ms);

CREATE TABLE catalog_versions (
  model ${integer} NOT NULL REFERENCES catalog_models (number),
  version ${integer} NOT NULL,
  created_at_ms ${integer} NOT NULL,
  updated_at_ms ${integer} NOT NULL,
  description ${text} NOT NULL,
  user_name ${text} NOT NULL,
  stage ${text} NOT NULL CHECK (stage IN ('None', 'Staging', 'Production', 'Archived')),
  source ${text} NOT NULL,
  artifact_uri ${text} NOT NULL,
  run_id ${text},
  run_link ${text},
  model_id ${text},
  status ${text} NOT NULL,
  status_message ${text},
  record_id ${text},
  evaluation ${text},
  verdict ${text},
  outcome ${text},
  retired_at_ms ${integer},
  deleted_at_ms ${integer},
  PRIMARY KEY (model, version)
) ${keyed};
CREATE UNIQUE INDEX catalog_versions_by_record ON catalog_versions (model, record_id);
CREATE INDEX catalog_versions_by_run ON catalog_versions (run_id);
CREATE INDEX catalog_versions_by_update ON catalog_versions (updated_at_ms);
`

const pointerTables = ({ integer, text, keyed }: SqlWords) => `
CREATE TABLE catalog_model_tags (
  model ${integer} NOT NULL REFERENCES catalog_models (number),
  key ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (model, key)
) ${keyed};

CREATE TABLE catalog_version_tags (
  model ${integer} NOT NULL,
  version ${integer} NOT NULL,
  key ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (model, version, key),
  FOREIGN KEY (model, version) REFERENCES catalog_versions (model, version)
) ${keyed};

CREATE TABLE catalog_aliases (
  model ${integer} NOT NULL,
  alias ${text} NOT NULL,
  version ${integer} NOT NULL,
  PRIMARY KEY (model, alias),
  FOREIGN KEY (model, version) REFERENCES catalog_versions (model, version)
) ${keyed};

CREATE TABLE catalog_standings (
  model ${integer} NOT NULL,
  environment ${text} NOT NULL,
  version ${integer} NOT NULL,
  PRIMARY KEY (model, environment),
  FOREIGN KEY (model, version) REFERENCES catalog_versions (model, version)
) ${keyed};
`

const historyTables = ({ counter, integer, text, table }: SqlWords) => `
CREATE TABLE catalog_events (
  sequence ${counter},
  id ${text} NOT NULL UNIQUE,
  at_ms ${integer} NOT NULL,
  model ${integer} NOT NULL,
  model_name ${text} NOT NULL,
  project ${text} NOT NULL,
  subject ${text} NOT NULL,
  place ${text} NOT NULL,
  action ${text} NOT NULL,
  version ${integer},
  previous ${integer},
  actor ${text} NOT NULL,
  origin ${text} NOT NULL,
  reason ${text} NOT NULL,
  evidence_json ${text} NOT NULL
) ${table};
CREATE INDEX catalog_events_by_place ON catalog_events (model, subject, place, sequence);
CREATE INDEX catalog_events_by_name ON catalog_events (model_name, sequence);

CREATE TABLE catalog_rules (
  sequence ${counter},
  project ${text} NOT NULL,
  model ${integer} NOT NULL,
  environment ${text} NOT NULL,
  rule_json ${text},
  at_ms ${integer} NOT NULL,
  actor ${text} NOT NULL,
  origin ${text} NOT NULL,
  reason ${text} NOT NULL
) ${table};
CREATE INDEX catalog_rules_by_scope ON catalog_rules (project, model, environment, sequence);
`

const approvalTables = ({ counter, integer, text, table, keyed }: SqlWords) => `
CREATE TABLE catalog_approval_requests (
  id ${text} PRIMARY KEY,
  model ${integer} NOT NULL,
  version ${integer} NOT NULL,
  environment ${text} NOT NULL,
  requested_by ${text} NOT NULL,
  origin ${text} NOT NULL,
  reason ${text} NOT NULL,
  requested_at_ms ${integer} NOT NULL,
  expires_at_ms ${integer} NOT NULL,
  used_by_event ${text}
) ${keyed};
CREATE INDEX catalog_approval_requests_by_version
  ON catalog_approval_requests (model, version, environment);

CREATE TABLE catalog_approval_decisions (
  sequence ${counter},
  request ${text} NOT NULL REFERENCES catalog_approval_requests (id),
  approver ${text} NOT NULL,
  origin ${text} NOT NULL,
  decision ${text} NOT NULL CHECK (decision IN ('approve', 'reject')),
  reason ${text} NOT NULL,
  at_ms ${integer} NOT NULL,
  UNIQUE (request, approver)
) ${table};

CREATE TABLE catalog_card_revisions (
  model ${integer} NOT NULL,
  version ${integer} NOT NULL,
  revision ${integer} NOT NULL,
  text ${text} NOT NULL,
  author ${text} NOT NULL,
  origin ${text} NOT NULL,
  reason ${text} NOT NULL,
  at_ms ${integer} NOT NULL,
  PRIMARY KEY (model, version, revision)
) ${keyed};

CREATE TABLE garbage_claims (
  path ${text} PRIMARY KEY,
  claimed_at_ms ${integer} NOT NULL
) ${keyed};
`

const tables = migration('catalog', (words) =>
  [versionTables, pointerTables, historyTables, approvalTables].map((part) => part(words)).join(''),
)

const EVENTS_STAY = 'the history of the registry is never changed'
const RULES_STAY = 'the history of promotion rules is never changed'
const DECISIONS_STAY = 'decisions on promotions are never changed'

const guards = [
  appendOnly('catalog_events', EVENTS_STAY),
  appendOnly('catalog_rules', RULES_STAY),
  appendOnly('catalog_approval_decisions', DECISIONS_STAY),
]

/** Milliseconds of an ISO 8601 text with milliseconds, in whole numbers. */
const isoMs = (text: string) =>
  `CAST(strftime('%s', ${text}) AS INTEGER) * 1000 + CAST(substr(${text}, 21, 3) AS INTEGER)`

/** The project that last ran its belt in the file. */
const OWNER = `(SELECT b.json ->> '$.project' FROM records b WHERE b.kind = 'belt-run'
  ORDER BY b.sequence DESC LIMIT 1)`

/**
 * Version 0.1.0 kept numbers, records and changes of environment apart, in SQLite only. What stands
 * in an environment follows from its newest change.
 */
const MOVE = `
INSERT INTO catalog_models (name, project, description, created_at_ms, updated_at_ms, last_version)
SELECT v.model, COALESCE(${OWNER}, v.model), '', min(r.created_at_ms), max(r.created_at_ms), max(v.version)
FROM model_versions v JOIN records r ON r.kind = 'model-version' AND r.id = v.version_id
GROUP BY v.model ORDER BY min(r.sequence);

INSERT INTO catalog_versions (model, version, created_at_ms, updated_at_ms, description, user_name,
  stage, source, artifact_uri, run_id, status, record_id, evaluation, verdict, outcome)
SELECT m.number, v.version, ${isoMs("r.json ->> '$.createdAt'")}, ${isoMs("r.json ->> '$.createdAt'")},
  '', 'belt', 'None',
  'esteira-artifact:/' || (r.json ->> '$.artifact.digest'),
  'esteira-artifact:/' || (r.json ->> '$.artifact.digest'),
  r.json ->> '$.lineage.run', 'READY', v.version_id,
  r.json ->> '$.lineage.evaluation', r.json ->> '$.lineage.verdict',
  (SELECT d.json ->> '$.outcome' FROM records d
    WHERE d.kind = 'verdict' AND d.id = r.json ->> '$.lineage.verdict')
FROM model_versions v
JOIN records r ON r.kind = 'model-version' AND r.id = v.version_id
JOIN catalog_models m ON m.name = v.model;

INSERT INTO catalog_version_tags (model, version, key, value)
SELECT v.model, v.version, 'esteira.candidate', r.json ->> '$.candidate.name'
FROM catalog_versions v JOIN records r ON r.kind = 'model-version' AND r.id = v.record_id;
INSERT INTO catalog_version_tags (model, version, key, value)
SELECT v.model, v.version, 'esteira.metric.' || e.key, CAST(e.value AS TEXT)
FROM catalog_versions v JOIN records r ON r.kind = 'model-version' AND r.id = v.record_id,
  json_each(r.json, '$.metrics') e WHERE e.value IS NOT NULL;

INSERT INTO catalog_events (id, at_ms, model, model_name, project, subject, place, action, version,
  previous, actor, origin, reason, evidence_json)
SELECT c.id, ${isoMs("c.json ->> '$.at'")}, m.number, c.model, m.project, 'environment', c.environment,
  c.json ->> '$.action', c.json ->> '$.version', c.json ->> '$.previous', c.json ->> '$.by',
  'platform', c.json ->> '$.reason',
  json_object('run', v.run_id, 'evaluation', v.evaluation, 'verdict', v.verdict,
    'outcome', v.outcome, 'request', NULL, 'approvals', json('[]'))
FROM environment_changes c JOIN catalog_models m ON m.name = c.model
LEFT JOIN catalog_versions v ON v.model = m.number AND v.version = c.json ->> '$.version'
ORDER BY c.sequence;

INSERT INTO catalog_standings (model, environment, version)
SELECT e.model, e.place, e.version FROM catalog_events e
WHERE e.version IS NOT NULL AND e.sequence =
  (SELECT max(l.sequence) FROM catalog_events l WHERE l.model = e.model AND l.place = e.place);

UPDATE catalog_versions SET stage = CASE
  WHEN EXISTS (SELECT 1 FROM catalog_standings s WHERE s.model = catalog_versions.model
    AND s.version = catalog_versions.version AND s.environment = 'production') THEN 'Production'
  WHEN EXISTS (SELECT 1 FROM catalog_standings s WHERE s.model = catalog_versions.model
    AND s.version = catalog_versions.version AND s.environment = 'staging') THEN 'Staging'
  WHEN EXISTS (SELECT 1 FROM catalog_events e WHERE e.model = catalog_versions.model
    AND e.version = catalog_versions.version AND e.place IN ('staging', 'production')) THEN 'Archived'
  ELSE 'None' END;
`

/** Registered models, versions, aliases, the history of decisions; with what 0.1.0 had registered. */
export const catalog: Migration = {
  name: tables.name,
  sqlite: tables.sqlite + MOVE + guards.map(({ sqlite }) => sqlite).join(''),
  postgres: tables.postgres + guards.map(({ postgres }) => postgres).join(''),
}
