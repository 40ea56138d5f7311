"""Which classes and functions a pickle may name. Everything else is refused by name.

A pickle is a program: it may call whatever it can name. What it can name here only builds values:
arrays, sparse matrices, fitted estimators.
"""

import importlib
import inspect

from .refusal import Refusal

PLAIN = {"set", "frozenset", "slice", "range", "complex", "bytearray", "bytes", "int", "float",
         "bool", "str", "list", "dict", "tuple", "object"}
EXACT = {
    ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"),
    ("collections", "OrderedDict"), ("collections", "defaultdict"),
    ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"),
    ("numpy.random._pickle", "__randomstate_ctor"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__generator_ctor"),
    ("numpy.random._mt19937", "MT19937"), ("numpy.random._pcg64", "PCG64"),
    ("numpy.random.bit_generator", "SeedSequence"),
    ("numpy.ma.core", "_mareconstruct"), ("numpy.ma.core", "MaskedArray"),
    ("numpy.ma", "MaskedArray"),
    ("sklearn.neighbors._kd_tree", "newObj"), ("sklearn.neighbors._ball_tree", "newObj"),
    ("sklearn.metrics._dist_metrics", "newObj"),
}
SKLEARN = {"base", "calibration", "cluster", "compose", "covariance", "cross_decomposition",
           "decomposition", "discriminant_analysis", "dummy", "ensemble", "feature_extraction",
           "feature_selection", "gaussian_process", "impute", "isotonic", "kernel_approximation",
           "kernel_ridge", "linear_model", "mixture", "model_selection", "multiclass",
           "multioutput", "naive_bayes", "neighbors", "neural_network", "pipeline",
           "preprocessing", "random_projection", "semi_supervised", "svm", "tree", "_loss"}
SKLEARN_OTHERS = {"sklearn.utils._bunch", "sklearn.metrics._dist_metrics"}
HIDDEN = {"tests", "externals", "conftest", "_testing"}


def _encode(text, encoding="latin1"):
    """Bytes in pickles of old protocols; other codecs could unpack a bomb."""
    if encoding not in ("latin1", "latin-1"):
        raise refused("_codecs", f"encode to {encoding!r}")
    return text.encode("latin1")


def refused(module, name):
    return Refusal(
        "MODEL_GLOBAL_REFUSED",
        f"the file asks for {module}.{name}, which is not among what a model may be made of",
        "Log a model made of scikit-learn and XGBoost classes alone, without own functions or "
        "classes, or log it in ONNX flavour (mlflow.onnx.log_model).")


def permitted(module, name):
    """The class or function of that name. Raises a Refusal for whatever is not listed."""
    if "." in name or not module.replace(".", "").replace("_", "").isalnum():
        raise refused(module, name)
    if module in ("builtins", "__builtin__") and name in PLAIN:
        return getattr(importlib.import_module("builtins"), name)
    if (module, name) == ("_codecs", "encode"):
        return _encode
    if (module, name) in EXACT:
        return _look_up(module.replace("copy_reg", "copyreg"), name)
    if module == "numpy":
        return _class(module, name, _is_number_type)
    if module.startswith("numpy.dtypes"):
        return _class(module, name, _is_number_type)
    if module.startswith("scipy.sparse."):
        return _class(module, name, _is_sparse)
    if is_estimator_module(module):
        if name.startswith("__pyx_unpickle_"):
            return _look_up(module, name)
        return _class(module, name, lambda found: is_estimator_module(found.__module__))
    if module == "xgboost.sklearn" or (module, name) == ("xgboost.core", "Booster"):
        return _class(module, name, lambda found: found.__module__.startswith("xgboost."))
    raise refused(module, name)


def is_estimator_module(module):
    parts = module.split(".")
    if parts[0] != "sklearn" or HIDDEN.intersection(parts):
        return False
    return module in SKLEARN_OTHERS or len(parts) > 1 and parts[1] in SKLEARN


def _look_up(module, name):
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise Refusal("MODEL_CLASS_UNKNOWN", f"there is no {module}.{name} in the versions here",
                      "Log the model again with the versions of the worker; "
                      "python/requirements.in of Esteira names them.") from error


def _class(module, name, is_fit):
    found = _look_up(module, name)
    if not inspect.isclass(found) or not is_fit(found):
        raise refused(module, name)
    return found


def _is_number_type(found):
    import numpy

    return issubclass(found, (numpy.generic, numpy.dtype))


def _is_sparse(found):
    import scipy.sparse

    return found.__module__.startswith("scipy.sparse.") and hasattr(found, "tocsr")
