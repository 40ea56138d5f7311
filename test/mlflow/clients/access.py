"""What happens to a client with the right credentials, with wrong ones, with too few rights."""

import os

import mlflow
from facts import Facts
from mlflow import MlflowClient

facts = Facts()


def as_user(name=None, password=None, token=None, workspace=None):
    given = {
        "MLFLOW_TRACKING_USERNAME": name,
        "MLFLOW_TRACKING_PASSWORD": password,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_WORKSPACE": workspace,
    }
    for variable, value in given.items():
        if value is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = value
    return MlflowClient()


writer, reader = os.environ["TEST_WRITER"], os.environ["TEST_READER"]
password, token = os.environ["TEST_PASSWORD"], os.environ["TEST_TOKEN"]

facts.error("nobody", lambda: as_user().search_experiments())
facts.error("wrongPassword", lambda: as_user(writer, "not this one").search_experiments())
facts.error("wrongToken", lambda: as_user(token="est_x_y").search_experiments())

client = as_user(writer, password)
experiment = client.create_experiment("north only")
run = client.create_run(experiment).info.run_id
client.log_metric(run, "m", 1)
client.log_text(run, "by basic", "note.txt")
facts["basic"] = client.get_run(run).data.metrics["m"]
facts["artifact"] = mlflow.artifacts.load_text(f"runs:/{run}/note.txt")

client = as_user(token=token)
client.log_metric(run, "m", 2)
facts["bearer"] = client.get_run(run).data.metrics["m"]

client = as_user(reader, password)
facts["seen"] = sorted(one.name for one in client.search_experiments())
facts.error("read", lambda: client.get_run(run))
facts.error("write", lambda: client.log_metric(run, "m", 3))
facts.error("create", lambda: client.create_experiment("by a reader"))
facts.error("upload", lambda: client.log_text(run, "x", "x.txt"))
facts.error("promote", lambda: client.set_registered_model_alias("nothing", "champion", "1"))
facts["runs"] = len(client.search_runs([experiment]))

client = as_user(writer, password, workspace="south")
facts.error("otherWorkspace", lambda: client.create_experiment("in south"))
client = as_user(writer, password, workspace="north")
facts.error("ownWorkspace", lambda: client.create_experiment("in north") != "")
facts.tell()
