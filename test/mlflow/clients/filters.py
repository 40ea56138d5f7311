"""Asks MLflow's own store and the server the same questions about the same data."""

import os
import tempfile

import mlflow
from facts import Facts
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as OwnRegistry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as OwnStore
from mlflow.tracking import MlflowClient

START = 1_700_000_000_000

FILTERS = [
    "",
    "metrics.rmse > 0.5",
    "metrics.rmse >= 0.5",
    "metrics.rmse < 0.5",
    "metrics.rmse <= 0.5",
    "metrics.rmse = 0.5",
    "metrics.rmse != 0.5",
    "metric.rmse > 0.5 and metric.rmse < 1",
    'metrics."a b" > 1',
    "metrics.`a b` > 1",
    "metrics.absent > 1",
    "params.alpha = '0.1'",
    "params.alpha != '0.1'",
    "parameters.alpha = '0.1'",
    "param.alpha LIKE '0.%'",
    "params.name ILIKE 'ALPHA%'",
    "params.name LIKE 'ALPHA%'",
    "params.name LIKE '%_3'",
    "params.`with space` = 'x'",
    "tags.kind = 'odd'",
    "tags.kind != 'odd'",
    "tag.kind LIKE 'o%'",
    "tags.kind ILIKE '%DD'",
    "tags.'dotted.key' = 'yes'",
    "tags.`dotted.key` = 'yes'",
    "tags.dotted.key = 'yes'",
    "attributes.status = 'FINISHED'",
    "attributes.status != 'FINISHED'",
    "attribute.status = 'RUNNING'",
    "attr.status = 'FAILED'",
    "run.status = 'FAILED'",
    "status = 'FINISHED'",
    "attributes.status IN ('FINISHED', 'FAILED')",
    f"attributes.start_time > {START + 10}",
    f"start_time <= {START + 10}",
    f"attributes.end_time > {START + 1_000}",
    "attributes.run_name = 'run-07'",
    "run_name LIKE 'run-1%'",
    "attributes.run_name ILIKE 'RUN-1%'",
    "attributes.run_name IN ('run-01', 'run-02', 'run-39')",
    "attributes.run_name NOT IN ('run-01', 'run-02')",
    "attributes.user_id = 'ana'",
    "user_id != 'ana'",
    "attributes.`Run name` = 'run-05'",
    "datasets.name = 'train'",
    "dataset.name LIKE 'tr%'",
    "datasets.digest = 'd1'",
    "datasets.name IN ('train', 'test')",
    "datasets.context = 'training'",
    "metrics.rmse > 0.2 and params.alpha = '0.1' and tags.kind = 'even'",
    "metrics.rmse > -1e-3 AND metrics.acc < 1E2",
    "params.quote = 'it''s'",
    'params.quote = "it\'s"',
    "tags.percent LIKE '100%'",
    # Wrong ones: both must say so.
    "metrics.rmse >",
    "metrics.rmse = 'text'",
    "params.alpha > 3",
    "params.alpha = 3",
    "nonsense.rmse > 1",
    "metrics.rmse > 1 or metrics.rmse < 0",
    "attributes.nothing = 'x'",
    "status IN 'FINISHED'",
    "params.alpha = '0.1' and",
    "metrics.rmse LIKE '1'",
    "'; DROP TABLE runs; --",
]

ORDERS = [
    [],
    ["metrics.rmse"],
    ["metrics.rmse ASC"],
    ["metrics.rmse DESC"],
    ["metrics.acc desc", "attributes.start_time ASC"],
    ["params.alpha ASC", "metrics.rmse DESC"],
    ["params.alpha DESC"],
    ["tags.kind ASC"],
    ["tags.kind DESC", "attributes.run_name ASC"],
    ["attributes.run_name DESC"],
    ["run_name"],
    ["attributes.status ASC", "attributes.start_time DESC"],
    ["attributes.end_time DESC"],
    ["start_time ASC"],
    ["Created DESC"],
    ["metrics.`a b` DESC"],
    ["metrics.absent ASC"],
    ["datasets.name ASC"],
    ["nonsense DESC"],
    ["metrics.rmse SIDEWAYS"],
]

EXPERIMENT_FILTERS = [
    "",
    "name = 'exp-1'",
    "name != 'exp-1'",
    "attribute.name LIKE 'exp-%'",
    "name ILIKE 'EXP-%'",
    "tags.team = 'a'",
    "tags.team != 'a'",
    "tag.team LIKE '%'",
    "name LIKE 'exp-%' and tags.team = 'b'",
    "creation_time > 0",
    "name > 3",
    "metrics.x > 1",
]

EXPERIMENT_ORDERS = [[], ["name"], ["name DESC"], ["experiment_id ASC"], ["creation_time", "name DESC"], ["nothing"]]

MODEL_FILTERS = [
    "",
    "name = 'm-1'",
    "name LIKE 'm-%'",
    "name ILIKE 'M-%'",
    "name != 'm-1'",
    "tags.team = 'a'",
    "tags.team = 'a' and name LIKE 'm-%'",
    "tags.team != 'a'",
    "version = 1",
    "name > 'a'",
]

VERSION_FILTERS = [
    "",
    "name = 'm-1'",
    "name IN ('m-1', 'm-2')",
    "name LIKE 'm-%'",
    "version_number = 2",
    "version_number > 1",
    "version_number <= 1 and name = 'm-2'",
    "source_path LIKE '%/b'",
    "run_id = 'RUN'",
    "run_id IN ('RUN')",
    "tags.step = '1'",
    "tags.step != '1'",
    "name = 3",
    "nonsense = 'x'",
]


def fill(store):
    """Forty runs in one experiment, each a little different."""
    experiment = store.create_experiment("filters", None, [])
    for at in range(40):
        run = store.create_run(experiment, "ana" if at % 3 else "bo", START + at, [], f"run-{at:02}")
        run_id = run.info.run_id
        metrics = [Metric("acc", at % 7 / 7, START, 0)]
        if at % 5:
            metrics.append(Metric("rmse", (at * 7 % 11) / 10, START, 0))
        if at % 4 == 0:
            metrics.append(Metric("a b", at, START, 0))
        if at == 11:
            metrics.append(Metric("rmse", float("nan"), START, 1))
        if at == 12:
            metrics.append(Metric("rmse", float("inf"), START, 1))
        params = [Param("alpha", ["0.1", "0.01", "1.5"][at % 3]), Param("name", f"alpha_{at % 10}")]
        if at % 6 == 0:
            params.append(Param("with space", "x"))
        if at % 9 == 0:
            params.append(Param("quote", "it's"))
        tags = [RunTag("kind", "odd" if at % 2 else "even")] if at % 8 else []
        if at % 10 == 0:
            tags += [RunTag("dotted.key", "yes"), RunTag("percent", "100% sure")]
        store.log_batch(run_id, metrics, params, tags)
        if at % 7 == 0:
            data = Dataset("train" if at % 2 else "test", f"d{at % 3}", "local", "{}")
            context = InputTag("mlflow.data.context", "training" if at % 2 else "eval")
            store.log_inputs(run_id, [DatasetInput(data, [context])])
        if at % 4:
            status = ["FINISHED", "FAILED", "KILLED"][at % 3]
            store.update_run_info(
                run_id, mlflow.entities.RunStatus.from_string(status), START + at * 100, None
            )
    return experiment


def fill_registry(registry, run_id):
    for at in range(1, 4):
        tags = [mlflow.entities.model_registry.RegisteredModelTag("team", "a" if at % 2 else "b")]
        registry.create_registered_model(f"m-{at}", tags)
        for number in range(at):
            tag = mlflow.entities.model_registry.ModelVersionTag("step", str(number))
            registry.create_model_version(
                f"m-{at}", f"s3://models/{at}/{'ab'[number % 2]}", run_id, [tag]
            )


def attempt(ask):
    try:
        return list(ask())
    except MlflowException as error:
        return error.error_code


def everything(store, registry, experiment, run_id):
    """Every question with its answer: names in order, or the code of the error."""
    answers = {}
    for text in FILTERS:
        answers[f"runs {text}"] = attempt(
            lambda: [
                run.info.run_name
                for run in store.search_runs([experiment], text, ViewType.ACTIVE_ONLY, 100, ["attributes.run_name"])
            ]
        )
    for order in ORDERS:
        answers[f"runs by {order}"] = attempt(
            lambda: [
                run.info.run_name
                for run in store.search_runs([experiment], "", ViewType.ACTIVE_ONLY, 100, order)
            ]
        )
    for text in EXPERIMENT_FILTERS:
        answers[f"experiments {text}"] = attempt(
            lambda: sorted(one.name for one in store.search_experiments(ViewType.ALL, 100, text))
        )
    for order in EXPERIMENT_ORDERS:
        answers[f"experiments by {order}"] = attempt(
            lambda: [
                one.name
                for one in store.search_experiments(ViewType.ALL, 100, "name LIKE 'exp-%'", order)
            ]
        )
    for text in MODEL_FILTERS:
        answers[f"models {text}"] = attempt(
            lambda: [one.name for one in registry.search_registered_models(text, 100)]
        )
    for text in VERSION_FILTERS:
        asked = text.replace("RUN", run_id)
        answers[f"versions {text}"] = attempt(
            lambda: sorted(
                f"{one.name}/{one.version}"
                for one in registry.search_model_versions(asked, 100)
            )
        )
    return answers


def prepare(store, registry):
    for at in range(1, 5):
        tag = mlflow.entities.ExperimentTag("team", "ab"[at % 2])
        store.create_experiment(f"exp-{at}", None, [tag])
    experiment = fill(store)
    run_id = store.search_runs([experiment], "run_name = 'run-01'", ViewType.ALL, 1)[0].info.run_id
    fill_registry(registry, run_id)
    return everything(store, registry, experiment, run_id)


facts = Facts()
with tempfile.TemporaryDirectory() as folder:
    database = f"sqlite:///{os.path.join(folder, 'own.db')}"
    own = prepare(OwnStore(database, folder), OwnRegistry(database))
client = MlflowClient()
served = prepare(client._tracking_client.store, client._get_registry_client().store)
facts["questions"] = len(own)
facts["different"] = {
    question: {"mlflow": own[question], "server": served[question]}
    for question in own
    if own[question] != served[question]
}
facts.tell()
