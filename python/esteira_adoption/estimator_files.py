"""A fitted scikit-learn or XGBoost model: what it answers, and the ONNX graph made of it."""

import numpy as np

from .graph import BINARY, CLUSTERING, MULTICLASS, REGRESSION, Graph
from .refusal import Refusal, first_line
from .table import columns_of, sample_rows

MISSING_EVERY = 16


def adopt_estimator(model, notes, request):
    """The answer for a fitted model; writes `adopted.onnx`."""
    import joblib
    import onnx

    _check_fitted(model)
    problem = _problem(model, request.get("problemType"))
    columns = columns_of(model, request)
    rows = sample_rows(columns, request, model)
    with joblib.parallel_config(backend="sequential"):
        rows, answers = _answer(model, columns, rows, problem)
        classes = [_label(label) for label in model.classes_] if problem in (BINARY, MULTICLASS) \
            else []
        converted, output = _convert(model, columns, problem)
    graph = Graph(converted)
    numeric, categorical = graph.fit_inputs(columns)
    onnx.save_model(converted, "adopted.onnx")
    return {"model": "adopted.onnx", "columns": columns,
            "tensors": {"numeric": numeric, "categorical": categorical, "output": output},
            "problemType": problem, "classes": classes, "estimator": class_name(model),
            "rows": rows, "answers": answers, "notes": notes}


def class_name(model):
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return f"{type(last).__module__.split('.')[0]}.{type(last).__name__}"


def _label(label):
    return str(label.item() if isinstance(label, np.generic) else label)


def _check_fitted(model):
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not isinstance(model, BaseEstimator):
        raise Refusal("MODEL_CLASS_UNSUPPORTED", f"the file holds a {type(model).__name__}, no "
                      "estimator of scikit-learn or XGBoost", "Log the fitted estimator itself.")
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise Refusal("MODEL_FILE_INVALID", "the model is not fitted",
                      "Log it after fit().") from error


def _problem(model, wanted):
    from sklearn.base import is_classifier, is_clusterer, is_regressor

    if is_classifier(model):
        if not hasattr(model, "predict_proba"):
            raise Refusal("MODEL_CLASS_UNSUPPORTED", f"{class_name(model)} gives no probabilities",
                          "Wrap it into sklearn.calibration.CalibratedClassifierCV before fit().")
        if np.ndim(model.classes_[0]) > 0:
            raise Refusal("MODEL_CLASS_UNSUPPORTED", "the model answers several targets at once",
                          "Log one model a target.")
        found = BINARY if len(model.classes_) == 2 else MULTICLASS
    elif is_regressor(model):
        found = REGRESSION
    elif is_clusterer(model) and hasattr(model, "predict"):
        found = CLUSTERING
    else:
        raise Refusal("MODEL_CLASS_UNSUPPORTED", f"{class_name(model)} is no classifier, no "
                      "regressor and no clustering", "Log a pipeline that ends in one.")
    if wanted not in (None, found):
        raise Refusal("MODEL_OUTPUT_UNSUPPORTED", f"{class_name(model)} solves {found}, not "
                      f"{wanted}", "Leave --problem-type out.")
    return found


def _answer(model, columns, rows, problem):
    """(rows, answers): with some numbers missing, if the model can answer that."""
    gaps = {name: _with_gaps(values, place) for place, (name, values) in enumerate(rows.items())}
    last = None
    for tried in (gaps, rows):
        try:
            return tried, _predict(model, _frame(model, columns, tried), problem)
        except MemoryError:
            raise
        except Exception as error:
            last = error
    # A category that was never seen may be an error of the model's own making.
    seen = {name: _without_unseen(values) for name, values in rows.items()}
    try:
        return seen, _predict(model, _frame(model, columns, seen), problem)
    except MemoryError:
        raise
    except Exception:
        raise Refusal("MODEL_ANSWERS_NOT", "the original gives no answer to rows of its "
                      f"signature: {first_line(last)}", "Log it with an input_example, so that "
                      "it can be tried on rows of its data.") from last


def _with_gaps(values, place):
    if isinstance(values, list):
        return values
    changed = values.copy()
    changed[place % MISSING_EVERY::MISSING_EVERY] = np.nan
    return changed


def _without_unseen(values):
    return [values[0] if value == "never seen before" else value for value in values] \
        if isinstance(values, list) else values


def _frame(model, columns, rows):
    import pandas

    # Numbers fit into float32, which serving has; the original gets them as it knows them.
    frame = pandas.DataFrame({
        column["name"]: np.array(rows[column["name"]],
                                 dtype=np.float64 if column["kind"] == "number" else object)
        for column in columns})
    if hasattr(model, "feature_names_in_") or any(c["kind"] == "text" for c in columns):
        return frame
    return frame.to_numpy()


def _predict(model, frame, problem):
    if problem in (BINARY, MULTICLASS):
        answers = model.predict_proba(frame)
    else:
        answers = model.predict(frame)
    answers = np.asarray(answers, dtype=np.float64)
    answers = answers.reshape(len(frame), -1)
    if not np.isfinite(answers).all():
        raise ValueError("an answer is no finite number")
    if problem in (REGRESSION, CLUSTERING) and answers.shape[1] != 1:
        raise Refusal("MODEL_CLASS_UNSUPPORTED", "the model answers several targets at once",
                      "Log one model a target.")
    return answers.tolist()


def _convert(model, columns, problem):
    from esteira_worker.conversion import IR_VERSION, TARGET_OPSET, keep_one_output, \
        register_xgboost
    from skl2onnx import to_onnx

    register_xgboost()
    _forget_names(model)
    classifies = problem in (BINARY, MULTICLASS)
    try:
        converted = to_onnx(model, initial_types=_initial_types(model, columns),
                            target_opset=TARGET_OPSET, name="esteira",
                            options={id(model): {"zipmap": False}} if classifies else None)
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("MODEL_CONVERSION_FAILED", f"{class_name(model)} cannot be converted to "
                      f"ONNX: {first_line(error)}", "Use estimators that skl2onnx supports, or log "
                      "the model in ONNX flavour yourself.") from error
    converted.ir_version = IR_VERSION
    return converted, keep_one_output(converted, problem)


def _initial_types(model, columns):
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    kinds = {column["kind"] for column in columns}
    if len(kinds) == 1 and not _chooses_by_name(model):
        kind = FloatTensorType if kinds == {"number"} else StringTensorType
        return [("input", kind([None, len(columns)]))]
    return [(column["name"], (FloatTensorType if column["kind"] == "number"
                              else StringTensorType)([None, 1])) for column in columns]


def _parts(model):
    pending, seen = [model], set()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, (list, tuple)):
            pending.extend(part)
        elif isinstance(part, np.ndarray) and part.dtype == object:
            pending.extend(part.ravel().tolist())
        elif hasattr(part, "get_params"):
            yield part
            pending.extend(vars(part).values())


def _chooses_by_name(model):
    return any(isinstance(name, str) for part in _parts(model)
               for _, _, chosen in getattr(part, "transformers_", [])
               for name in ([chosen] if isinstance(chosen, str) else
                            chosen if isinstance(chosen, (list, np.ndarray)) else []))


def _forget_names(model):
    """The converter wants a booster's columns by number."""
    for part in _parts(model):
        if hasattr(part, "get_booster"):
            part.get_booster().feature_names = None
