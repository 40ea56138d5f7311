"""The fitted preparation that goes before an estimator and into the same ONNX graph."""

from collections import Counter

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler,
                                   StandardScaler)

from .protocol import WorkerError

SCALERS = {"standard": StandardScaler, "min-max": MinMaxScaler, "robust": RobustScaler}
IMPUTED = {"median": "median", "mean": "mean", "zero": "constant", "keep": "median"}


class QuantileClip(TransformerMixin, BaseEstimator):
    """Pulls numbers to the quantiles q and 1 - q of the fitted rows; NaN stays NaN."""

    def __init__(self, q=0.005):
        self.q = q

    def fit(self, x, y=None):
        x = np.asarray(x, dtype=np.float32)
        seen = ~np.isnan(x).all(axis=0)
        self.low_ = np.full(x.shape[1], -np.finfo(np.float32).max, dtype=np.float32)
        self.high_ = -self.low_
        self.low_[seen] = np.nanquantile(x[:, seen], self.q, axis=0)
        self.high_[seen] = np.nanquantile(x[:, seen], 1 - self.q, axis=0)
        self.n_features_in_ = x.shape[1]
        return self

    def transform(self, x):
        return np.clip(np.asarray(x, dtype=np.float32), self.low_, self.high_)


def merge_preparation(request, candidate):
    """The dataset's preparation with the candidate's own words over it."""
    own = candidate.get("preparation") or {}
    return {part: {**request["preparation"][part], **(own.get(part) or {})}
            for part in ("numeric", "categorical")}


def known_categories(rows, request, preparation):
    """Per text column: the categories frequent enough, by name; the others count as unseen."""
    rules = preparation["categorical"]
    known = {}
    for name in request["columns"]["categorical"]:
        texts = rows.inputs[name]
        counts = Counter(texts)
        if rules["missing"] == "most-frequent":
            missing = counts.pop("", 0)
            if not counts:
                raise _empty_column(name, "categorical.missing: own")
            top = min(counts, key=lambda text: (-counts[text], text))
            counts[top] += missing
        frequent = [text for text, count in counts.items() if count >= rules["minFrequency"]]
        frequent.sort(key=lambda text: (-counts[text], text))
        known[name] = sorted(frequent[:rules["maxCategories"]])
    return known


def check_columns(rows, request, preparation, keeps_missing):
    if keeps_missing and preparation["numeric"]["missing"] == "keep":
        return
    for name in request["columns"]["numeric"]:
        if rows.inputs[name].isna().all():
            raise _empty_column(name, "numeric.missing: keep (with xgboost)")


def _empty_column(name, way_out):
    return WorkerError("COLUMN_EMPTY",
                       f'column "{name}" has no value in any training row, so nothing can be '
                       "imputed", f"Drop the column from the inputs, or use {way_out}.")


def build_preparation(rows, request, preparation, traits):
    """An unfitted ColumnTransformer by column position, and notes on what it leaves out."""
    numbers = len(request["columns"]["numeric"])
    parts, notes = [], []
    if numbers:
        parts.append(("numeric", _numeric(preparation["numeric"], traits, notes),
                      list(range(numbers))))
    known = known_categories(rows, request, preparation)
    for position, (name, categories) in enumerate(known.items(), numbers):
        if not categories:
            notes.append(f'column "{name}" is unused: no category has '
                         f"{preparation['categorical']['minFrequency']} rows")
            continue
        steps = _categorical(categories, preparation["categorical"])
        parts.append((f"text{position}", steps, [position]))
    if not parts:
        raise WorkerError("INPUTS_UNUSABLE", "no input is left after preparation",
                          "Lower categorical.minFrequency, or add inputs.")
    return ColumnTransformer(parts), notes


def _numeric(rules, traits, notes):
    steps = []
    if rules["outliers"] == "clip":
        steps.append(("clip", QuantileClip(rules["clipQuantile"])))
    keeps = rules["missing"] == "keep" and traits.keeps_missing
    if not keeps:
        if rules["missing"] == "keep":
            notes.append("missing numbers become the median: the estimator cannot keep them")
        steps.append(("impute", SimpleImputer(strategy=IMPUTED[rules["missing"]],
                                              fill_value=0.0, keep_empty_features=True)))
    if rules["scaling"] != "none" and not traits.ignores_scale:
        steps.append(("scale", SCALERS[rules["scaling"]]()))
    return Pipeline(steps) if steps else "passthrough"


def _categorical(categories, rules):
    steps = []
    if rules["missing"] == "most-frequent":
        steps.append(("impute", SimpleImputer(strategy="most_frequent", missing_values="")))
    listed = [np.array(categories, dtype=object)]
    if rules["encoding"] == "one-hot":
        encoder = OneHotEncoder(categories=listed, handle_unknown="ignore", sparse_output=False,
                                dtype=np.float32)
    else:
        encoder = OrdinalEncoder(categories=listed, handle_unknown="use_encoded_value",
                                 unknown_value=-1, dtype=np.float32)
    return Pipeline([*steps, ("encode", encoder)])
