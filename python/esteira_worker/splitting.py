"""Cross-validation folds that respect how the data was split."""

import numpy as np

from .protocol import WorkerError


def make_folds(rows, request):
    """Pairs of row positions (fit, score)."""
    by, count = request["crossValidation"]["by"], request["crossValidation"]["folds"]
    if len(rows) < 2 * (count + 1):
        raise WorkerError("ROWS_TOO_FEW",
                          f"{len(rows)} training rows are too few for {count} folds",
                          f"At least {2 * (count + 1)} rows are needed; lower training.folds.")
    if by == "time" and rows.time is not None:
        folds = _expanding(rows.time, count)
    elif by == "group" and rows.group is not None:
        folds = _grouped(rows.group, count, request["seed"])
    else:
        folds = _shuffled(rows, count, request["seed"])
    for number, (fit, _) in enumerate(folds, 1):
        _check_fold(rows, fit, number, request["classes"])
    return folds


def _expanding(time, count):
    """Old rows fit, the next block scores; rows of one instant are never torn apart."""
    order = np.argsort(time, kind="stable")
    sorted_time = time[order]
    folds = []
    cuts = [np.searchsorted(sorted_time, sorted_time[len(order) * i // (count + 1)])
            for i in range(1, count + 1)] + [len(order)]
    for start, end in zip(cuts, cuts[1:]):
        if start == 0 or start == end:
            raise WorkerError("ROWS_TOO_FEW",
                              f"the training rows have too few distinct times for {count} folds",
                              "Lower training.folds, or split by random.")
        folds.append((order[:start], order[start:end]))
    return folds


def _grouped(group, count, seed):
    from sklearn.model_selection import GroupKFold

    distinct = len(np.unique(group))
    if distinct < count:
        raise WorkerError("ROWS_TOO_FEW", f"{distinct} groups are too few for {count} folds",
                          "Lower training.folds.")
    splitter = GroupKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(group)), groups=group))


def _shuffled(rows, count, seed):
    from sklearn.model_selection import KFold, StratifiedKFold

    if rows.target is None or rows.target.dtype.kind == "f":
        return list(KFold(count, shuffle=True, random_state=seed).split(np.zeros(len(rows))))
    if np.bincount(rows.target).min() < count:
        raise WorkerError("ROWS_TOO_FEW",
                          f"a class has fewer training rows than there are folds ({count})",
                          "Lower training.folds, or merge rare classes.")
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(rows)), rows.target))


def _check_fold(rows, fit, number, classes):
    if rows.target is None or not classes:
        return
    counts = np.bincount(rows.target[fit], minlength=len(classes))
    if counts.min() == 0:
        raise WorkerError("ROWS_TOO_FEW",
                          f'fold {number} has no training rows of class '
                          f'"{classes[int(counts.argmin())]}"',
                          "Lower training.folds, or merge rare classes.")
