"""Fills an MLflow server or database with a little of everything that an import brings over."""

import os
import tempfile

from facts import MAJOR, Facts

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

facts = Facts()
POINTS = int(os.environ.get("SOURCE_POINTS", "500"))
client = MlflowClient()


def write(folder, name, text):
    place = os.path.join(folder, name)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)


def fill_run(experiment, number):
    run = client.create_run(experiment, run_name=f"run {number}", start_time=1_700_000_000_000 + number,
                            tags={"team": "north", "note é": "ünïcode 'quoted'"})
    run_id = run.info.run_id
    points = [Metric("loss", 1.0 / (step + 1), 1_700_000_000_000 + step, step) for step in range(POINTS)]
    points += [Metric("odd", float("nan"), 1_700_000_000_000, 0), Metric("odd", float("inf"), 1_700_000_000_001, 1),
               Metric("odd", -0.1 - 0.2, 1_700_000_000_001, 1)]
    client.log_batch(run_id, metrics=points,
                     params=[Param("depth", str(number)), Param("text", "x" * 5000)], tags=[RunTag("more", "yes")])
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "top.txt", f"run {number}")
        write(folder, "deep/a b.txt", "spaces and ümlauts")
        write(folder, "deep/er/100%.bin", "\0\1\2" * 1000)
        client.log_artifacts(run_id, folder)
    return run_id


def log_dataset(run_id):
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(name="flights", digest="abc123", source_type="local", source='{"uri":"flights.csv"}',
                      schema='{"a":1}', profile=None)
    given = [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
    client.log_inputs(run_id, datasets=given)


def log_model(experiment, run_id):
    """A logged model of MLflow 3, with a metric on a data set."""
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(experiment, name="forest", source_run_id=run_id, tags={"k": "v"},
                                       params={"depth": "7"}, model_type="tree")
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "MLmodel", "flavors: {}\n")
        write(folder, "data/model.bin", "model " * 1000)
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 3)])
    client.log_metric(run_id, "auc", 0.75, timestamp=1_700_000_000_500, step=3, model_id=model.model_id,
                      dataset_name="flights", dataset_digest="abc123")
    return model.model_id


def register(run_id, model_id):
    client.create_registered_model("churn", tags={"owner": "ana"}, description="who leaves")
    run_source = client.get_run(run_id).info.artifact_uri + "/deep"
    first = client.create_model_version("churn", run_source, run_id, description="the first", tags={"t": "1"})
    client.create_model_version("churn", run_source, run_id)
    last = client.create_model_version(
        "churn", run_source if model_id is None else f"models:/{model_id}", run_id,
        **({} if model_id is None else {"model_id": model_id}))
    client.delete_model_version("churn", "2")
    client.set_registered_model_alias("churn", "champion", first.version)
    client.set_registered_model_alias("churn", "challenger", last.version)
    client.transition_model_version_stage("churn", first.version, "Production")
    client.transition_model_version_stage("churn", last.version, "Staging")


location = os.environ.get("SOURCE_ARTIFACTS")
one = client.create_experiment("flights", tags={"mlflow.note.content": "delays"},
                               **({} if location is None else {"artifact_location": location}))
runs = [fill_run(one, number) for number in range(int(os.environ.get("SOURCE_RUNS", "6")))]
log_dataset(runs[0])
client.set_terminated(runs[0], "FINISHED", end_time=1_700_000_100_000)
client.set_terminated(runs[1], "FAILED", end_time=1_700_000_200_000)
model_id = log_model(one, runs[0]) if MAJOR >= 3 else None
register(runs[0], model_id)
client.delete_run(runs[2])
gone = client.create_experiment("gone")
gone_run = client.create_run(gone).info.run_id
client.log_metric(gone_run, "loss", 1.5, timestamp=1_700_000_000_000, step=0)
client.delete_experiment(gone)
default_run = client.create_run("0", start_time=1_700_000_000_000).info.run_id
client.log_metric(default_run, "loss", 2.5, timestamp=1_700_000_000_000, step=0)

facts["runs"] = runs
facts["model"] = model_id
facts["gone"] = gone_run
facts["default"] = default_run
facts.tell()
