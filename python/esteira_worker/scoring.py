"""Metrics by the names that gates and reports use.

Notation: y target, p probabilities [rows, classes], k classes. A metric that is not defined on the
rows (one class only) is absent.
"""

import numpy as np
from sklearn import metrics as sk

from .protocol import WorkerError, closest

LOWER_IS_BETTER = {"logLoss", "brier", "calibrationError", "rmse", "mae", "inertia"}
SILHOUETTE_ROWS = 2_000
CALIBRATION_BINS = 10


def positive_index(request):
    """Position of the positive class: the named one, else the last."""
    name, classes = request.get("positiveClass"), request["classes"]
    return classes.index(name) if name in classes else len(classes) - 1


def score_classes(y, p, positive):
    k = p.shape[1]
    predicted = p.argmax(axis=1)
    if k == 2:
        predicted = np.where(p[:, positive] >= 0.5, positive, 1 - positive)
    values = {"accuracy": sk.accuracy_score(y, predicted),
              "balancedAccuracy": _recalls(y, predicted).mean(),
              "logLoss": sk.log_loss(y, p, labels=list(range(k)))}
    if k == 2:
        values |= _score_binary((y == positive).astype(int), p[:, positive],
                                predicted == positive)
    else:
        values |= _score_multiclass(y, p, predicted)
    return finite(values)


def _recalls(y, predicted):
    return np.array([(predicted[y == label] == label).mean() for label in np.unique(y)])


def _score_binary(y, p, predicted):
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        y, predicted, average="binary", pos_label=1, zero_division=0)
    values = {"precision": precision, "recall": recall, "f1": f1,
              "brier": np.mean((p - y) ** 2), "calibrationError": calibration_error(y, p)}
    if 0 < y.sum() < len(y):
        values |= {"rocAuc": sk.roc_auc_score(y, p), "prAuc": sk.average_precision_score(y, p)}
    return values


def _score_multiclass(y, p, predicted):
    k = p.shape[1]
    one_hot = np.eye(k)[y]
    precision, recall, f1, _ = sk.precision_recall_fscore_support(
        y, predicted, labels=list(range(k)), average="macro", zero_division=0)
    values = {"precision": precision, "recall": recall, "f1": f1,
              "brier": np.mean(((p - one_hot) ** 2).sum(axis=1)),
              "calibrationError": calibration_error((y == predicted).astype(int), p.max(axis=1))}
    if one_hot.any(axis=0).all():
        values |= {"rocAuc": sk.roc_auc_score(one_hot, p, average="macro"),
                   "prAuc": sk.average_precision_score(one_hot, p, average="macro")}
    return values


def calibration_error(y, p):
    """Expected calibration error over equal-width bins: sum of share x |mean p - mean y|."""
    bins = np.minimum((p * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        inside = bins == number
        error += inside.mean() * abs(p[inside].mean() - y[inside].mean())
    return error


def score_values(y, value):
    return finite({"rmse": float(np.sqrt(np.mean((y - value) ** 2))),
                   "mae": float(np.mean(np.abs(y - value))),
                   "r2": sk.r2_score(y, value) if len(y) > 1 and np.ptp(y) > 0 else np.nan})


def score_clusters(points, labels, centres, seed):
    """`inertia` is the sum of squared distances to the own centre, in prepared space."""
    values = {"inertia": float(((points - centres[labels]) ** 2).sum())}
    if 1 < len(np.unique(labels)) < len(labels):
        size = min(SILHOUETTE_ROWS, len(labels))
        try:
            values["silhouette"] = sk.silhouette_score(points, labels, sample_size=size,
                                                       random_state=seed)
        except ValueError:
            pass  # the sample fell into one cluster
    return finite(values)


def finite(values):
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def average(folds):
    """Mean over the folds of every metric that all of them have."""
    shared = set.intersection(*(set(fold["metrics"]) for fold in folds))
    return {name: float(np.mean([fold["metrics"][name] for fold in folds]))
            for name in folds[0]["metrics"] if name in shared}


def metric_of(scores, metric):
    if metric not in scores:
        raise WorkerError("METRIC_ABSENT",
                          f'the metric "{metric}" is not defined here; there are '
                          f"{', '.join(sorted(scores))}", closest(metric, scores))
    return scores[metric]
