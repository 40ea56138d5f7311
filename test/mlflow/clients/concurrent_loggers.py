"""Threads and processes that log into one run and into runs of their own at the same time."""

import multiprocessing
import threading

import mlflow
from facts import Facts
from mlflow import MlflowClient
from mlflow.entities import Metric

THREADS, PROCESSES, ROUNDS = 4, 2, 10


def log(run_id, writer):
    client = MlflowClient()
    for step in range(ROUNDS):
        client.log_metric(run_id, "shared", writer * 1000 + step, timestamp=1_700_000_000_000, step=step)
        client.log_batch(run_id, metrics=[Metric(f"own-{writer}", step, 1_700_000_000_000, step)])
        client.set_tag(run_id, f"writer-{writer}", str(step))
    client.log_param(run_id, f"param-{writer}", "x")


def main():
    facts = Facts()
    client = MlflowClient()
    run_id = client.create_run(client.create_experiment("concurrent")).info.run_id
    workers = [threading.Thread(target=log, args=(run_id, one)) for one in range(THREADS)]
    context = multiprocessing.get_context("fork")
    workers += [
        context.Process(target=log, args=(run_id, THREADS + one)) for one in range(PROCESSES)
    ]
    # Processes before threads: a fork copies no other thread.
    for worker in reversed(workers):
        worker.start()
    for worker in workers:
        worker.join()
    run = client.get_run(run_id)
    facts["writers"] = THREADS + PROCESSES
    facts["rounds"] = ROUNDS
    facts["shared"] = len(client.get_metric_history(run_id, "shared"))
    facts["own"] = [
        len(client.get_metric_history(run_id, f"own-{one}")) for one in range(THREADS + PROCESSES)
    ]
    facts["tags"] = sorted(v for k, v in run.data.tags.items() if k.startswith("writer-"))
    facts["params"] = len(run.data.params)
    facts.tell()


main()
