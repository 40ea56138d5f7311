"""One request on stdin, one answer on stdout; confined before the model file is touched."""

import importlib
import json
import os
import sys

from esteira_adoption.confinement import confine
from esteira_adoption.refusal import Refusal, first_line

# What reading a model of any format but ONNX itself imports.
ESTIMATOR_MODULES = (
    "joblib.numpy_pickle",
    "onnxmltools.convert.xgboost.operator_converters.XGBoost",
    "pandas",
    "scipy.sparse",
    "skl2onnx",
    "sklearn.pipeline",
    "xgboost",
    "esteira_adoption.estimator_files",
    "esteira_adoption.pickles",
    "esteira_adoption.xgboost_files",
    "esteira_worker.conversion",
)
MODULES = {
    "onnx": ("onnx", "esteira_adoption.onnx_files"),
    "skops": ("onnx", *ESTIMATOR_MODULES, "skops.io", "esteira_adoption.skops_files"),
}


def main():
    request = json.load(sys.stdin)
    answers, sys.stdout = sys.stdout, sys.stderr
    confinement = confine(os.getcwd(), request["limits"], lambda: _prepare(request["format"]))
    try:
        answer = {"ok": True, **_adopt(request)}
        confinement.check()
    except Refusal as refusal:
        answer = _refused(refusal, confinement)
    except MemoryError:
        answer = _refused(Refusal("MODEL_OUT_OF_MEMORY", "reading the model needs more than the "
                                  f"{request['limits']['memoryBytes'] >> 20} MB it may use",
                                  "Make the model smaller, or raise the limit."), confinement)
    except BaseException as error:
        answer = _refused(Refusal("MODEL_FILE_INVALID", "the model cannot be read: "
                                  f"{type(error).__name__}: {first_line(error)}",
                                  "Log the model again."), confinement)
    answer["confinement"] = confinement.in_force
    json.dump(answer, answers, allow_nan=False, default=_plain)
    answers.flush()
    # Nothing of the model runs at the end, not even a destructor.
    os._exit(0)


def _prepare(form):
    """Imports everything: what libraries do while they are imported is no doing of the model."""
    for module in MODULES.get(form, ("onnx", *ESTIMATOR_MODULES)):
        importlib.import_module(module)


def _refused(refusal, confinement):
    """What the model reached for says more than the error that came of holding it back."""
    try:
        confinement.check()
    except Refusal as first:
        refusal = first
    return {"ok": False, "code": refusal.code, "message": refusal.message, "hint": refusal.hint}


def _adopt(request):
    path, form = request["file"], request["format"]
    if form == "onnx":
        from esteira_adoption.onnx_files import adopt_onnx

        return _with_rows(adopt_onnx(path, request))
    from esteira_adoption.estimator_files import adopt_estimator

    model, notes = _read(path, form)
    return {**_with_rows(adopt_estimator(model, notes, request)), "packages": _packages()}


def _read(path, form):
    if form == "skops":
        from esteira_adoption.skops_files import read_skops

        return read_skops(path)
    if form == "xgboost":
        from esteira_adoption.xgboost_files import read_xgboost

        return read_xgboost(path)
    from esteira_adoption.pickles import read_pickle

    return read_pickle(path)


def _packages():
    import numpy
    import sklearn
    import xgboost

    return {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__,
            "xgboost": xgboost.__version__}


def _with_rows(answer):
    """Missing numbers travel as null."""
    rows = {name: [None if isinstance(value, float) and value != value else value
                   for value in (values if isinstance(values, list) else values.tolist())]
            for name, values in answer["rows"].items()}
    return {**answer, "rows": rows}


def _plain(value):
    return value.item()
