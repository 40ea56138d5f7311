"""What a test program tells the test: facts as JSON on the last line, and what MLflow warned of."""

import json
import logging
import sys

import mlflow
from mlflow.exceptions import MlflowException
from requests import HTTPError

MAJOR = int(mlflow.__version__.split(".")[0])

# Remarks on the machine and the model, not on the server.
EXPECTED = ("signature", "input example", "pip", "pickle", "integer column", "saving scikit-learn",
            "saving models", "artifact_path", "inferred", "deprecated", "ubj", "skops", "conda", "registering model based on",
            "known to be compatible")


class Facts:
    def __init__(self):
        self.found = {"version": mlflow.__version__}
        self.alarms = []
        facts = self

        class Keep(logging.Handler):
            def emit(self, record):
                text = record.getMessage()
                if not any(word in text.lower() for word in EXPECTED):
                    facts.alarms.append(f"{record.levelname} {record.name}: {text}")

        logging.getLogger("mlflow").addHandler(Keep(level=logging.WARNING))

    def __setitem__(self, name, value):
        self.found[name] = value

    def error(self, name, call):
        """Keeps the error code that a call ends with, or what it returned instead."""
        try:
            self.found[name] = {"returned": str(call())}
        except MlflowException as error:
            self.found[name] = error.error_code
        except HTTPError as error:
            # So the client tells of artifacts.
            self.found[name] = f"HTTP {error.response.status_code}"

    def tell(self):
        self.found["alarms"] = self.alarms
        sys.stdout.flush()
        print("\n" + json.dumps(self.found, default=str))
