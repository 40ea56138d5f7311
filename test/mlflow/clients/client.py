"""MlflowClient: histories, pages, deletion, the registry's calls, and the error of each mistake."""

import time

import mlflow
from facts import MAJOR, Facts
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType

facts = Facts()
client = MlflowClient()

experiment = client.create_experiment("client", tags={"purpose": "tests"})
facts["experiment"] = {
    "byName": client.get_experiment_by_name("client").experiment_id == experiment,
    "tags": client.get_experiment(experiment).tags.get("purpose"),
    "missing": client.get_experiment_by_name("no such experiment"),
    "default": client.get_experiment("0").name,
}
client.set_experiment_tag(experiment, "purpose", "more tests")
client.rename_experiment(experiment, "client renamed")
facts["renamed"] = client.get_experiment(experiment).name

run = client.create_run(experiment, run_name="first", start_time=1_700_000_000_000).info.run_id
now = int(time.time() * 1000)
client.log_batch(
    run,
    metrics=[Metric("curve", step * step, now + step, step) for step in range(600)]
    + [Metric("other", 1.5, now, 0)],
    params=[Param(f"p{number}", str(number)) for number in range(100)],
    tags=[RunTag(f"t{number}", "v") for number in range(100)],
)
# The same point again is no second point.
client.log_batch(run, metrics=[Metric("curve", 0, now, 0)])
history = client.get_metric_history(run, "curve")
facts["history"] = {
    "points": len(history),
    "last": [history[-1].step, history[-1].value],
    "newest": client.get_run(run).data.metrics["curve"],
    "unknown": len(client.get_metric_history(run, "nothing of this name")),
}
facts["counts"] = [len(client.get_run(run).data.params), len(client.get_run(run).data.tags) >= 100]
client.update_run(run, status="FAILED", name="renamed")
facts["updated"] = [client.get_run(run).info.status, client.get_run(run).info.run_name]
client.set_terminated(run, "KILLED", 1_700_000_100_000)
info = client.get_run(run).info
facts["terminated"] = [info.status, info.start_time, info.end_time]

many = client.create_experiment("pages")
for number in range(23):
    one = client.create_run(many, start_time=1_700_000_000_000 + number)
    client.log_metric(one.info.run_id, "m", number % 5)
seen, token, pages = [], None, 0
while True:
    page = client.search_runs([many], "metrics.m >= 1", ViewType.ACTIVE_ONLY, 4, ["metrics.m DESC"], token)
    seen += [one.data.metrics["m"] for one in page]
    token, pages = page.token, pages + 1
    if not token:
        break
facts["pages"] = {"count": len(seen), "pages": pages, "sorted": seen == sorted(seen, reverse=True)}
experiments, token = [], None
while True:
    page = client.search_experiments(max_results=2, page_token=token)
    experiments += [one.name for one in page]
    token = page.token
    if not token:
        break
facts["experiments"] = sorted(experiments)

client.delete_run(run)
facts["deletedRun"] = [
    client.get_run(run).info.lifecycle_stage,
    len(client.search_runs([experiment])),
    len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)),
]
facts.error("logToDeleted", lambda: client.log_metric(run, "m", 1))
client.restore_run(run)
facts["restoredRun"] = client.get_run(run).info.lifecycle_stage
client.delete_experiment(many)
facts["deletedExperiment"] = client.get_experiment(many).lifecycle_stage
facts.error("runInDeleted", lambda: client.create_run(many))
facts.error("nameOfDeleted", lambda: client.create_experiment("pages"))
client.restore_experiment(many)
facts["restoredExperiment"] = client.get_experiment(many).lifecycle_stage

facts.error("experimentNotFound", lambda: client.get_experiment("987654"))
facts.error("experimentExists", lambda: client.create_experiment("client renamed"))
facts.error("runNotFound", lambda: client.get_run("0" * 32))
facts.error("runInNowhere", lambda: client.create_run("987654"))
client.log_param(run, "fixed", "1")
client.log_param(run, "fixed", "1")
facts.error("paramChanged", lambda: client.log_param(run, "fixed", "2"))
facts.error("metricKey", lambda: client.log_metric(run, "bad\x01key", 1))
facts.error("longKey", lambda: client.log_metric(run, "k" * 300, 1))
facts.error("badFilter", lambda: client.search_runs([experiment], "metrics.m >>> 3"))
facts.error("badOrder", lambda: client.search_runs([experiment], order_by=["nonsense.field"]))
facts.error("tooMany", lambda: client.search_runs([experiment], max_results=50_001))
facts.error("localRoot", lambda: client.create_experiment("evil", artifact_location="file:///etc"))
facts.error("tagNotThere", lambda: client.delete_tag(run, "never set"))

client.create_registered_model("Churn", tags={"owner": "a"}, description="who leaves")
facts.error("modelExists", lambda: client.create_registered_model("Churn"))
facts.error("modelNotFound", lambda: client.get_registered_model("Nobody"))
facts.error("modelName", lambda: client.create_registered_model("  "))
root = client.get_run(run).info.artifact_uri
for _ in range(3):
    client.create_model_version("Churn", f"{root}/model", run)
facts.error("foreignSource", lambda: client.create_model_version("Churn", "mlflow-artifacts:/0/x/artifacts"))
facts.error("localSource", lambda: client.create_model_version("Churn", "/etc/passwd"))
facts.error("metadataSource", lambda: client.create_model_version("Churn", "http://169.254.169.254/latest"))
facts.error("versionNotFound", lambda: client.get_model_version("Churn", "99"))
facts.error("versionInvalid", lambda: client.get_model_version("Churn", "one"))
client.update_model_version("Churn", "1", description="the first")
client.set_model_version_tag("Churn", "1", "checked", "yes")
client.set_model_version_tag("Churn", "1", "gone", "yes")
client.delete_model_version_tag("Churn", "1", "gone")
client.set_registered_model_alias("Churn", "champion", "2")
client.set_registered_model_alias("Churn", "champion", "3")
client.set_registered_model_alias("Churn", "old", "1")
facts["alias"] = [
    int(client.get_model_version_by_alias("Churn", "champion").version),
    sorted(client.get_registered_model("Churn").aliases),
    [str(one) for one in client.get_model_version("Churn", "3").aliases],
]
client.delete_registered_model_alias("Churn", "old")
facts.error("aliasNotFound", lambda: client.get_model_version_by_alias("Churn", "old"))
facts.error("aliasName", lambda: client.set_registered_model_alias("Churn", "latest", "1"))
first = client.get_model_version("Churn", "1")
facts["modelVersion"] = {
    "description": first.description,
    "tags": first.tags,
    "run": first.run_id == run,
    "status": first.status,
    "stage": first.current_stage,
    "uri": client.get_model_version_download_uri("Churn", "1") == f"{root}/model",
}
facts.error("stageUnknown", lambda: client.transition_model_version_stage("Churn", "1", "Shelf"))
moved = client.transition_model_version_stage("Churn", "1", "Archived")
facts["stage"] = moved.current_stage
facts["latest"] = sorted(
    (one.current_stage, int(one.version)) for one in client.get_latest_versions("Churn")
)
facts["searchVersions"] = [
    int(one.version)
    for one in client.search_model_versions("name='Churn'", order_by=["version_number ASC"])
]
facts["searchByRun"] = len(client.search_model_versions(f"run_id='{run}'"))
facts["searchModels"] = [one.name for one in client.search_registered_models("name LIKE 'Ch%'")]
facts["searchModelTag"] = [one.name for one in client.search_registered_models("tags.owner = 'a'")]
client.delete_model_version("Churn", "2")
facts.error("deletedVersion", lambda: client.get_model_version("Churn", "2"))
client.rename_registered_model("Churn", "Leavers")
client.update_registered_model("Leavers", description="renamed")
client.set_registered_model_tag("Leavers", "k", "v")
client.delete_registered_model_tag("Leavers", "owner")
model = client.get_registered_model("Leavers")
facts["model"] = [model.description, model.tags, sorted(model.aliases)]
client.delete_registered_model_alias("Leavers", "champion")
client.delete_registered_model("Leavers")
facts.error("deletedModel", lambda: client.get_registered_model("Leavers"))

if MAJOR >= 3:
    facts.error("prompt", lambda: mlflow.genai.register_prompt("greet", "Hello {{name}}"))
    facts.error("traces", lambda: client.search_traces(locations=[experiment]))
    facts.error("dataset", lambda: mlflow.genai.datasets.create_dataset("d", experiment_id=experiment))
    facts.error("webhook", lambda: client.list_webhooks())
facts.tell()
