"""Fills an MLflow database with experiments, runs, metrics and parameters, by MLflow's own tables.

    python seed_mlflow.py <database url> <artifact root> <runs> <experiments> <points>

Prints one JSON line: the experiment of the runs, one run, and the run with the long history.
"""

import json
import sys
import time
import uuid

from mlflow.store.tracking.dbmodels import models
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import insert

CHUNK = 2_000
KEYS = 10
DAY_MS = 86_400_000


def main(url: str, root: str, runs: int, experiments: int, points: int) -> None:
    store = SqlAlchemyStore(url, root)
    experiment = int(store.create_experiment("bench"))
    now = int(time.time() * 1000)
    ids = [uuid.uuid4().hex for _ in range(runs)]
    with store.ManagedSessionMaker() as session:
        for start in range(0, runs, CHUNK):
            fill(session, experiment, ids[start : start + CHUNK], start, now)
        session.commit()
        for start in range(0, experiments, CHUNK):
            numbers = range(start, min(start + CHUNK, experiments))
            session.execute(
                insert(models.SqlExperiment),
                [
                    {
                        "name": f"experiment {i}",
                        "artifact_location": f"{root}/x{i}",
                        "lifecycle_stage": "active",
                        "creation_time": now + i,
                        "last_update_time": now + i,
                    }
                    for i in numbers
                ],
            )
        session.commit()
        if points > 0:
            history(session, ids[0], points, now)
            session.commit()
    print(json.dumps({"experimentId": str(experiment), "runId": ids[-1], "historyRunId": ids[0]}))


def fill(session, experiment: int, ids: list[str], offset: int, now: int) -> None:
    session.execute(
        insert(models.SqlRun),
        [
            {
                "run_uuid": run,
                "name": f"run-{offset + i}",
                "source_type": "LOCAL",
                "status": "FINISHED",
                "lifecycle_stage": "active",
                "user_id": "bench",
                "start_time": now - DAY_MS + offset + i,
                "end_time": now,
                "experiment_id": experiment,
                "artifact_uri": f"mlflow-artifacts:/{experiment}/{run}/artifacts",
            }
            for i, run in enumerate(ids)
        ],
    )
    metrics = [
        {
            "run_uuid": run,
            "key": f"metric_{k}",
            "value": ((offset + i) * 7919 + k * 104729) % 1_000_003 / 1_000_003,
            "timestamp": now,
            "step": 0,
            "is_nan": False,
        }
        for i, run in enumerate(ids)
        for k in range(KEYS)
    ]
    session.execute(insert(models.SqlMetric), metrics)
    session.execute(insert(models.SqlLatestMetric), metrics)
    session.execute(
        insert(models.SqlParam),
        [
            {"run_uuid": run, "key": f"param_{k}", "value": str((offset + i) % (k + 2))}
            for i, run in enumerate(ids)
            for k in range(KEYS)
        ],
    )
    session.execute(
        insert(models.SqlTag),
        [{"run_uuid": run, "key": "team", "value": f"team {i % 5}"} for i, run in enumerate(ids)],
    )


def history(session, run: str, points: int, now: int) -> None:
    for start in range(0, points, 20_000):
        session.execute(
            insert(models.SqlMetric),
            [
                {
                    "run_uuid": run,
                    "key": "loss",
                    "value": 1.0 / (step + 1),
                    "timestamp": now + step,
                    "step": step,
                    "is_nan": False,
                }
                for step in range(start, min(start + 20_000, points))
            ],
        )
    session.execute(
        insert(models.SqlLatestMetric),
        [
            {
                "run_uuid": run,
                "key": "loss",
                "value": 1.0 / points,
                "timestamp": now + points - 1,
                "step": points - 1,
                "is_nan": False,
            }
        ],
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(n) for n in sys.argv[3:6]))
