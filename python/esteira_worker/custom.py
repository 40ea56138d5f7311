"""Loads the user's own estimator: a Python file with `build(parameters, context)`."""

import contextlib
import importlib.util
import os
import sys
import traceback

from .protocol import Cancelled, WorkerError

TRACE_LINES = 6


@contextlib.contextmanager
def user_code(path):
    """Whatever goes wrong inside is the user's to mend, and says so with the end of the traceback."""
    try:
        yield
    except (WorkerError, Cancelled, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        lines = "".join(traceback.format_exception(error)).rstrip().splitlines()
        raise WorkerError("USER_CODE_FAILED",
                          f"{os.path.basename(path)}: {type(error).__name__}: {error}",
                          "The end of the traceback:\n" + "\n".join(lines[-TRACE_LINES:])
                          ) from error


@contextlib.contextmanager
def _importing_from(folder):
    """Siblings of the file can be imported; afterwards they are forgotten, as the process lives on
    and the files may change."""
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, folder)
    before = set(sys.modules)
    try:
        yield
    finally:
        sys.path.remove(folder)
        sys.dont_write_bytecode = writes_bytecode
        for name in set(sys.modules) - before:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and os.path.abspath(origin).startswith(folder + os.sep):
                del sys.modules[name]


def build_custom(candidate, parameters, setting, request):
    path = custom_path(candidate, request)
    context = {"problemType": setting.problem, "classes": list(setting.classes),
               "seed": setting.seed, "numeric": list(request["columns"]["numeric"]),
               "categorical": list(request["columns"]["categorical"])}
    with user_code(path), _importing_from(os.path.dirname(path)):
        spec = importlib.util.spec_from_file_location("esteira_user_estimator", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        build = getattr(module, "build", None)
        if build is None:
            raise WorkerError("USER_CODE_INVALID", f"{os.path.basename(path)} has no `build`",
                              "Define build(parameters, context) that returns an estimator.")
        estimator = build(dict(parameters), context)
    if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
        raise WorkerError("USER_CODE_INVALID",
                          f"build() returned {type(estimator).__name__}, expected an unfitted "
                          "scikit-learn estimator", "Return an object with fit and get_params.")
    return estimator


def custom_path(candidate, request):
    file = candidate.get("file")
    if not file:
        raise WorkerError("USER_CODE_INVALID", "a custom candidate names no file",
                          'Set "file" to a Python file with build(parameters, context).')
    path = os.path.abspath(os.path.join(request["projectFolder"], file))
    if not os.path.isfile(path):
        raise WorkerError("USER_CODE_MISSING", f'no file "{file}" in the project\'s folder',
                          "The path is relative to the project file.")
    return path
