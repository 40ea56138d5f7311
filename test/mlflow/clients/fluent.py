"""The fluent API: experiments, nested runs, everything that can be logged, and searching it."""

import os
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import pandas as pd
from facts import Facts

facts = Facts()

experiment = mlflow.set_experiment("fluent")
facts["experiment"] = {"name": experiment.name, "stage": experiment.lifecycle_stage}
facts["again"] = mlflow.set_experiment("fluent").experiment_id == experiment.experiment_id
mlflow.set_experiment_tag("team", "north")

with mlflow.start_run(run_name="parent", tags={"kind": "outer"}, description="a note") as parent:
    mlflow.log_param("depth", 3)
    mlflow.log_params({"eta": 0.1, "name": "Zoë / ünïcode", "empty": ""})
    for step in range(5):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_metrics({"rmse": 0.5, "not a number": float("nan"), "endless": float("inf")})
    mlflow.set_tag("colour", "blue")
    mlflow.set_tags({"a": "1", "b": "2"})
    mlflow.delete_tag("b")
    frame = pd.DataFrame({"x": [1, 2, 3], "y": [0.1, 0.2, 0.3]})
    dataset = mlflow.data.from_pandas(frame, name="small", targets="y")
    mlflow.log_input(dataset, context="training", tags={"split": "all"})
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.log_dict({"k": [1, 2]}, "notes/k.json")
    figure = plt.figure()
    plt.plot([1, 2, 3])
    mlflow.log_figure(figure, "plots/line.png")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "deep", "er"))
        for name in ("one.txt", "deep/two.txt", "deep/er/drei ü.txt"):
            with open(os.path.join(folder, name), "w") as file:
                file.write(name)
        mlflow.log_artifacts(folder, "folder")
    for number in range(2):
        with mlflow.start_run(run_name=f"child-{number}", nested=True):
            mlflow.log_metric("score", number)

run = mlflow.get_run(parent.info.run_id)
facts["run"] = {
    "status": run.info.status,
    "name": run.info.run_name,
    "ended": run.info.end_time is not None and run.info.end_time >= run.info.start_time,
    "params": run.data.params,
    "metrics": {key: str(value) for key, value in run.data.metrics.items()},
    "tags": {k: v for k, v in run.data.tags.items() if not k.startswith("mlflow.source")},
    "datasets": [
        {
            "name": one.dataset.name,
            "digest": len(one.dataset.digest) > 0,
            "tags": {tag.key: tag.value for tag in one.tags},
        }
        for one in run.inputs.dataset_inputs
    ],
}
facts["artifactUri"] = run.info.artifact_uri
listed = mlflow.artifacts.list_artifacts(run_id=parent.info.run_id)
facts["topArtifacts"] = sorted(one.path for one in listed)
with tempfile.TemporaryDirectory() as folder:
    got = mlflow.artifacts.download_artifacts(
        run_id=parent.info.run_id, artifact_path="folder", dst_path=folder
    )
    read = {}
    for where, _, names in os.walk(got):
        for name in names:
            path = os.path.join(where, name)
            with open(path) as file:
                read[os.path.relpath(path, got)] = file.read()
    facts["downloaded"] = read
facts["text"] = mlflow.artifacts.load_text(f"runs:/{parent.info.run_id}/notes/hello.txt")
facts["dict"] = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/notes/k.json")

children = mlflow.search_runs(
    filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
    order_by=["metrics.score DESC"],
)
facts["children"] = list(children["tags.mlflow.runName"])
facts["found"] = len(mlflow.search_runs(experiment_names=["fluent"], filter_string="metrics.loss < 0.5"))
facts["experiments"] = sorted(one.name for one in mlflow.search_experiments())
facts["last"] = mlflow.last_active_run() is not None

try:
    with mlflow.start_run(run_name="broken") as broken:
        raise RuntimeError("broken on purpose")
except RuntimeError:
    pass
facts["broken"] = mlflow.get_run(broken.info.run_id).info.status

with mlflow.start_run(run_id=parent.info.run_id):
    mlflow.log_metric("resumed", 1)
facts["resumed"] = mlflow.get_run(parent.info.run_id).data.metrics["resumed"]
mlflow.delete_run(broken.info.run_id)
facts["afterDelete"] = len(mlflow.search_runs(experiment_names=["fluent"]))
facts.tell()
