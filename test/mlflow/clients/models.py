"""Autologging, logged models, and every way to find and load a model again."""

import mlflow
import numpy as np
import pandas as pd
import xgboost
from facts import MAJOR, Facts
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

facts = Facts()
client = MlflowClient()
experiment = mlflow.set_experiment("models")
random = np.random.default_rng(7)
x = pd.DataFrame(random.normal(size=(80, 3)), columns=["a", "b", "c"])
y = (x["a"] + x["b"] > 0).astype(int)


# Named, because finding them out takes the client many seconds.
REQUIREMENTS = ["mlflow", "scikit-learn"]


def log(flavor, model, name, **more):
    """The first argument's name changed from MLflow 2 to 3."""
    place = {"name": name} if MAJOR >= 3 else {"artifact_path": name}
    return flavor.log_model(model, **place, signature=infer_signature(x, y), pip_requirements=REQUIREMENTS, **more)


mlflow.sklearn.autolog(log_input_examples=False, silent=False)
with mlflow.start_run(run_name="auto-sklearn") as run:
    LogisticRegression(max_iter=50).fit(x, y)
mlflow.sklearn.autolog(disable=True)
data = mlflow.get_run(run.info.run_id)
facts["sklearn"] = {
    "params": data.data.params.get("max_iter"),
    "metrics": "training_accuracy_score" in data.data.metrics,
    "datasets": len(data.inputs.dataset_inputs),
    "status": data.info.status,
}

mlflow.xgboost.autolog(log_models=False)
with mlflow.start_run(run_name="auto-xgboost") as run:
    table = xgboost.DMatrix(x, label=y)
    xgboost.train(
        {"objective": "binary:logistic", "max_depth": 2},
        table,
        num_boost_round=6,
        evals=[(table, "train")],
        verbose_eval=False,
    )
mlflow.xgboost.autolog(disable=True)
data = mlflow.get_run(run.info.run_id)
facts["xgboost"] = {
    "params": data.data.params.get("max_depth"),
    "points": len(client.get_metric_history(run.info.run_id, "train-logloss")),
    "status": data.info.status,
}

model = LogisticRegression().fit(x, y)
expected = list(model.predict(x))
with mlflow.start_run(run_name="by hand") as run:
    mlflow.log_params({"c": 1.0})
    mlflow.log_metric("accuracy", 0.75)
    logged = log(mlflow.sklearn, model, "clf", registered_model_name="Classifier")
    log(mlflow.xgboost, xgboost.XGBClassifier(n_estimators=3).fit(x, y), "trees")
run_id = run.info.run_id


def same(uri):
    return list(mlflow.pyfunc.load_model(uri).predict(x)) == expected


second = mlflow.register_model(f"runs:/{run_id}/clf", "Classifier")
client.set_registered_model_alias("Classifier", "champion", second.version)
facts["registered"] = [
    int(one.version)
    for one in client.search_model_versions("name='Classifier'", order_by=["version_number ASC"])
]
loaded = {
    "byRun": same(f"runs:/{run_id}/clf"),
    "byVersion": same("models:/Classifier/1"),
    "byAlias": same("models:/Classifier@champion"),
    "latest": same("models:/Classifier/latest"),
}
if MAJOR >= 3:
    loaded["byModel"] = same(logged.model_uri)
    found = mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id],
        filter_string="name = 'clf'",
        output_format="list",
    )
    facts["loggedModels"] = {
        "found": len(found),
        "status": str(found[0].status),
        "params": found[0].params,
        "metrics": [metric.key for metric in found[0].metrics or []],
        "versions": "Classifier" in found[0].tags.get("mlflow.modelVersions", ""),
        "source": found[0].source_run_id == run_id,
    }
    by_metric = mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id],
        filter_string="metrics.accuracy > 0.5",
        order_by=[{"field_name": "metrics.accuracy", "ascending": False}],
        output_format="list",
    )
    facts["byMetric"] = [one.name for one in by_metric]
    facts["outputs"] = len(mlflow.get_run(run_id).outputs.model_outputs)
    external = mlflow.initialize_logged_model(name="outside", params={"k": "v"})
    mlflow.finalize_logged_model(external.model_id, "READY")
    mlflow.set_logged_model_tags(external.model_id, {"stage": "trial"})
    mlflow.delete_logged_model_tag(external.model_id, "stage")
    mlflow.log_model_params({"more": "1"}, model_id=external.model_id)
    got = mlflow.get_logged_model(external.model_id)
    facts["external"] = [str(got.status), got.params, "stage" in got.tags]
    client.delete_logged_model(external.model_id)
    left = mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id],
        filter_string="name = 'outside'",
        output_format="list",
    )
    facts["deletedModel"] = len(left)
    facts.error("modelNotFound", lambda: client.get_logged_model("m-" + "0" * 32))
facts["loaded"] = loaded
facts.tell()
