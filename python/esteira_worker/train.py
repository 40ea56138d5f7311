"""Trains one candidate: cross-validation, the final fit, ONNX, and proof material for parity."""

import os
import time
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .estimators import CLASSIFICATION, resolve_parameters
from .fitting import cross_validate, fit_model, predict
from .frame import check_classes, limit_rows, read_rows
from .memory import peak_mb, reset_peak
from .preparation import known_categories, merge_preparation
from .scoring import average
from .splitting import make_folds

PARITY_ROWS = 2_000
MODEL, PARITY = "model.onnx", "parity.parquet"


def train(request, call, packages):
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    reset_peak()
    candidate = request["candidate"]
    parameters = resolve_parameters(candidate, request["problemType"])
    call.progress(0, "reading the frame")
    rows, notes = training_rows(request)
    validation = read_rows(request["validation"], request, "validation")
    folds = make_folds(rows, request)
    steps = len(folds) + 2
    results = cross_validate(rows, folds, candidate, request,
                             lambda done, text: call.progress(done / steps, text))
    call.progress(len(folds) / steps, "fitting on all training rows")
    model, more = fit_model(rows, candidate, request)
    call.progress((steps - 1) / steps, "converting to ONNX")
    tensors = write_model(model, request)
    write_parity(model, validation, request)
    call.progress(1, "done")
    return {"model": MODEL, "parity": PARITY, "tensors": tensors, "ranges": ranges(rows, request),
            "categories": known_categories(rows, request, merge_preparation(request, candidate)),
            "folds": results, "crossValidation": average(results), "trainingRows": len(rows),
            "parameters": parameters, "packages": packages,
            "durationMs": (time.perf_counter() - started) * 1_000, "peakMemoryMb": peak_mb(),
            "notes": notes + more}


def training_rows(request):
    """The training rows after `maxRows`, checked, and notes."""
    rows = read_rows(request["train"], request, "train")
    rows, note = limit_rows(rows, request["maxRows"], request["crossValidation"]["by"],
                            request["seed"])
    check_classes(rows, request["classes"])
    return rows, [] if note is None else [note]


def write_model(model, request):
    from .conversion import convert

    onnx, tensors = convert(model, request)
    with open(os.path.join(request["outputFolder"], MODEL), "wb") as file:
        file.write(onnx.SerializeToString(deterministic=True))
    return tensors


def write_parity(model, validation, request):
    """The original's answers on the first validation rows, for the serving engine to match."""
    rows = validation.take(np.arange(min(PARITY_ROWS, len(validation))))
    answer = predict(model, rows, request["problemType"]).astype(np.float64)
    columns = {"row": np.arange(len(rows), dtype=np.int64)}
    if request["problemType"] in CLASSIFICATION:
        columns |= {f"p{index}": answer[:, index] for index in range(answer.shape[1])}
    else:
        columns["value"] = answer
    pq.write_table(pa.table(columns), os.path.join(request["outputFolder"], PARITY))


def ranges(rows, request):
    """[smallest, largest] training value of each number, or null for an empty column."""
    found = {}
    for name in request["columns"]["numeric"]:
        seen = rows.inputs[name].dropna()
        found[name] = [float(seen.min()), float(seen.max())] if len(seen) else None
    return found
