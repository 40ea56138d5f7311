"""Artifacts by the client: big files in parts, downloads, listings, deletion, paths that lead out."""

import hashlib
import os
import tempfile

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] = "true"
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(6 << 20)
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 << 20)

import mlflow
from facts import Facts
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

facts = Facts()


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
    big = os.path.join(folder, "big file é.bin")
    with open(big, "wb") as file:
        file.write(os.urandom((12 << 20) + 17))
    mlflow.log_artifact(big, "parts")
    mlflow.log_text("hello", "texts/a b.txt")
    mlflow.log_dict({"a": [1, 2]}, "texts/c+d.json")
    uri = run.info.artifact_uri
    back = mlflow.artifacts.download_artifacts(f"{uri}/parts/big file é.bin", dst_path=folder + "/got")
    facts["same"] = digest(big) == digest(back)
    listed = mlflow.MlflowClient().list_artifacts(run.info.run_id)
    facts["top"] = [[one.path, one.is_dir] for one in listed]
    below = mlflow.MlflowClient().list_artifacts(run.info.run_id, "texts")
    facts["below"] = [[one.path, one.file_size] for one in below]
    facts["text"] = mlflow.artifacts.load_text(f"{uri}/texts/a b.txt")
    whole = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, dst_path=folder + "/all")
    facts["files"] = sum(len(files) for _, _, files in os.walk(whole))
    repository = get_artifact_repository(uri)
    repository.delete_artifacts("parts")
    facts["deleted"] = [one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id)]

facts.tell()
