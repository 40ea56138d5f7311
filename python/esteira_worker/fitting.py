"""Fits one candidate, members included, and scores it on folds."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from .custom import build_custom, custom_path, user_code
from .estimators import (CLASSIFICATION, REGRESSION, Setting, find_estimator,
                         resolve_parameters)
from .frame import limit_rows
from .preparation import build_preparation, check_columns, merge_preparation
from .protocol import Cancelled, WorkerError
from .scoring import positive_index, score_classes, score_clusters, score_values


def fit_model(rows, candidate, request):
    """A fitted pipeline (or an ensemble of them) and notes on what was done on the way."""
    estimator = find_estimator(candidate, request["problemType"])
    parameters = resolve_parameters(candidate, request["problemType"])
    if candidate["estimator"] == "voting":
        return _fit_voting(rows, candidate, request)
    preparation = merge_preparation(request, candidate)
    capped, note = limit_rows(rows, estimator.row_cap(parameters),
                              request["crossValidation"]["by"], request["seed"])
    notes = [] if note is None else [note]
    check_columns(rows, request, preparation, estimator.traits.keeps_missing)
    columns, more = build_preparation(capped, request, preparation, estimator.traits)
    model = _unfitted(capped, candidate, parameters, request)
    pipeline = Pipeline([("prepare", columns), ("model", model)])
    more += _fit(pipeline, capped, candidate, request)
    round_thresholds(pipeline.named_steps["model"])
    return pipeline, notes + more


def _unfitted(rows, candidate, parameters, request):
    problem = request["problemType"]
    spread = float(np.std(rows.target)) if problem == REGRESSION else 1.0
    setting = Setting(problem, request["classes"], request["seed"], spread or 1.0)
    if candidate["estimator"] == "custom":
        return build_custom(candidate, parameters, setting, request)
    return find_estimator(candidate, problem).build(parameters, setting)


def _fit(pipeline, rows, candidate, request):
    """Fits in place; returns a note when the solver gave up early."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if candidate["estimator"] == "custom":
            with user_code(custom_path(candidate, request)):
                pipeline.fit(rows.inputs, rows.target)
        else:
            _fit_own(pipeline, rows)
    early = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return ["the solver stopped before it converged: raise max_iter"] if early else []


def _fit_own(pipeline, rows):
    try:
        pipeline.fit(rows.inputs, rows.target)
    except (WorkerError, Cancelled, MemoryError):
        raise
    except Exception as error:
        text = str(error).strip().splitlines()
        raise WorkerError("FIT_FAILED", f"{type(error).__name__}: {text[0] if text else ''}",
                          "Check the candidate's parameters.") from error


def _fit_voting(rows, candidate, request):
    """Members are fitted one by one and joined with equal weight; probabilities are averaged."""
    from sklearn.ensemble import VotingClassifier, VotingRegressor
    from sklearn.preprocessing import LabelEncoder

    members = candidate.get("members") or []
    if len(members) < 2:
        raise WorkerError("MEMBERS_TOO_FEW", f"voting has {len(members)} members, expected two "
                          "or more", 'Name them in "members".')
    nested = [member["name"] for member in members if member["estimator"] == "voting"]
    if nested:
        raise WorkerError("MEMBER_UNFIT", f'the member "{nested[0]}" is itself a vote',
                          "Name its members directly.")
    fitted, notes = [], []
    for member in members:
        model, own = fit_model(rows, member, request)
        fitted.append((member["name"], model))
        notes += [f"{member['name']}: {note}" for note in own]
    models = [model for _, model in fitted]
    if request["problemType"] == REGRESSION:
        vote = VotingRegressor(fitted)
    else:
        vote = VotingClassifier(fitted, voting="soft", flatten_transform=False)
        vote.le_ = LabelEncoder().fit(rows.target)
        vote.classes_ = vote.le_.classes_
    vote.estimators_ = models
    vote.named_estimators_ = dict(fitted)
    return vote, notes


def round_thresholds(model):
    """Trees compare float32 inputs; a threshold rounded down to float32 splits them alike, and then
    ONNX, which keeps float32 thresholds, agrees with the original on every row."""
    for part in [model, *np.ravel(getattr(model, "estimators_", []))]:
        tree = getattr(part, "tree_", None)
        if tree is None:
            continue
        rounded = tree.threshold.astype(np.float32)
        above = rounded > tree.threshold
        rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
        tree.threshold[:] = rounded


def predict(model, rows, problem):
    """[rows, classes] probabilities, or [rows] values or cluster numbers."""
    if problem in CLASSIFICATION:
        return np.asarray(model.predict_proba(rows.inputs), dtype=np.float64)
    return np.asarray(model.predict(rows.inputs)).reshape(len(rows))


def score_model(model, rows, request):
    problem = request["problemType"]
    answer = predict(model, rows, problem)
    if problem in CLASSIFICATION:
        return score_classes(rows.target, answer, positive_index(request))
    if problem == REGRESSION:
        return score_values(rows.target, answer)
    points = np.asarray(model[:-1].transform(rows.inputs), dtype=np.float64)
    return score_clusters(points, answer.astype(int), _centres(model), request["seed"])


def _centres(model):
    centres = getattr(model[-1], "cluster_centers_", None)
    if centres is None:
        raise WorkerError("USER_CODE_INVALID", "a clustering estimator needs cluster_centers_",
                          "Return one such as KMeans or MiniBatchKMeans from build().")
    return np.asarray(centres, dtype=np.float64)


def cross_validate(rows, folds, candidate, request, advance):
    """Fits and scores the candidate on every fold; preparation is fitted anew in each."""
    results = []
    for number, (fit, score) in enumerate(folds, 1):
        advance(number - 1, f"fold {number} of {len(folds)}")
        model, _ = fit_model(rows.take(fit), candidate, request)
        held_out = rows.take(score)
        results.append({"rows": len(held_out), "metrics": score_model(model, held_out, request)})
    return results
