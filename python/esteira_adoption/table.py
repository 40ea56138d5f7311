"""The columns a model is asked with, and rows to try it on."""

import numpy as np

from .refusal import Refusal

ROWS = 256
SPREADS = (1.0, 0.1, 10.0, 100.0)


def columns_of(model, request):
    """[{name, kind, whole}] in the order the model was fitted on; kind is number or text."""
    given = request.get("columns")
    names = getattr(model, "feature_names_in_", None)
    names = None if names is None else [str(name) for name in names]
    width = getattr(model, "n_features_in_", None)
    if given is None:
        if width is None:
            raise Refusal("MODEL_SIGNATURE_MISSING", "neither the file nor MLmodel says which "
                          "columns the model takes", "Log the model with a signature: "
                          "mlflow.models.infer_signature(X, model.predict(X)).")
        return [{"name": name, "kind": "number", "whole": False}
                for name in names or [f"x{place}" for place in range(width)]]
    if width is not None and len(given) != width:
        raise Refusal("MODEL_SIGNATURE_MISMATCH", f"the signature has {len(given)} columns, the "
                      f"model takes {width}", "Log the model again with the signature of its data.")
    if names is not None and sorted(names) == sorted(column["name"] for column in given):
        by_name = {column["name"]: column for column in given}
        return [by_name[name] for name in names]
    if names is not None and not request.get("named"):
        return [{**column, "name": name} for column, name in zip(given, names, strict=True)]
    return given


def sample_rows(columns, request, model=None):
    """{name: values}: rows of the input example and around it, else drawn by what is known."""
    random = np.random.default_rng(7)
    example = request.get("example") or {}
    hints = _hints(model, [column["name"] for column in columns])
    table = {}
    for place, column in enumerate(columns):
        known = example.get(column["name"])
        if column["kind"] == "text":
            table[column["name"]] = _texts(random, known, hints["categories"].get(place))
        else:
            table[column["name"]] = _numbers(random, known, hints["numbers"].get(place),
                                             column.get("whole", False))
    return table


def _numbers(random, known, hint, whole):
    known = [float(value) for value in known or []
             if isinstance(value, (int, float)) and np.isfinite(value)]
    if hint is not None:
        centre, spread = hint
    elif known:
        centre, spread = float(np.mean(known)), float(np.std(known)) or abs(known[0]) or 1.0
    else:
        centre, spread = 0.0, None
    drawn = random.normal(size=ROWS)
    scales = np.resize(SPREADS, ROWS) if spread is None else spread * 1.5
    values = centre + drawn * scales
    values[:len(known[:ROWS])] = known[:ROWS]
    if whole:
        values = np.round(values)
    return values.astype(np.float32)


def _texts(random, known, categories):
    pool = [str(v) for v in (categories or []) if v is not None] or \
        [str(v) for v in (known or []) if v is not None] or ["a", "b"]
    values = [pool[place] for place in random.integers(0, len(pool), ROWS)]
    values[-1] = "never seen before"
    for place, value in enumerate((known or [])[:ROWS - 1]):
        values[place] = "" if value is None else str(value)
    return values


def _hints(model, names):
    """What fitted parts tell of the columns, by place: (centre, spread) and categories."""
    hints = {"numbers": {}, "categories": {}}
    if model is not None:
        _collect(model, names, list(range(len(names))), hints)
    return hints


def _collect(part, names, places, hints):
    """Follows the columns of the table through pipelines and column transformers."""
    if hasattr(part, "transformers_"):
        for _, member, chosen in part.transformers_:
            inner = _places(chosen, names, places)
            if inner is not None and not isinstance(member, str):
                _collect(member, names, inner, hints)
        return
    if hasattr(part, "steps"):
        for _, step in part.steps:
            if not isinstance(step, str):
                _collect(step, names, places, hints)
            if type(step).__name__ not in ("SimpleImputer", "str"):
                return
        return
    _read_part(part, places, hints)


def _places(chosen, names, places):
    try:
        if isinstance(chosen, (str, int)):
            chosen = [chosen]
        if isinstance(chosen, slice):
            return places[chosen]
        chosen = list(chosen)
        if chosen and isinstance(chosen[0], (bool, np.bool_)):
            return [place for place, is_in in zip(places, chosen, strict=True) if is_in]
        return [names.index(item) if isinstance(item, str) else places[item] for item in chosen]
    except (TypeError, ValueError, IndexError):
        return None


def _read_part(part, places, hints):
    if getattr(part, "n_features_in_", None) != len(places):
        return
    categories = getattr(part, "categories_", None)
    if categories is not None:
        for place, values in zip(places, categories, strict=False):
            hints["categories"][place] = list(values)
        return
    mean, scale = getattr(part, "mean_", None), getattr(part, "scale_", None)
    low, high = getattr(part, "data_min_", None), getattr(part, "data_max_", None)
    for order, place in enumerate(places):
        if mean is not None and scale is not None:
            hints["numbers"][place] = (float(mean[order]), float(scale[order]))
        elif low is not None:
            hints["numbers"][place] = (float(low[order] + high[order]) / 2,
                                       float(high[order] - low[order]) / 2 or 1.0)
    for order, (middle, spread) in _thresholds(part).items():
        if order < len(places):
            hints["numbers"][places[order]] = (middle, spread)


def _thresholds(part):
    """Where trees split each column: (middle, half the span)."""
    found = {}
    for feature, threshold in _splits(part):
        found.setdefault(feature, []).append(threshold)
    return {feature: (float(np.mean(values)), float(np.ptp(values)) / 2 or abs(values[0]) or 1.0)
            for feature, values in found.items()}


def _splits(part):
    if hasattr(part, "get_booster"):
        for tree in part.get_booster().get_dump(dump_format="json")[:20]:
            yield from _booster_splits(tree, part)
        return
    members = np.ravel(getattr(part, "estimators_", [part])).tolist()[:20]
    for member in members:
        tree = getattr(member, "tree_", None)
        if tree is not None:
            for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
                if feature >= 0:
                    yield int(feature), float(threshold)


def _booster_splits(tree, part):
    import json

    names = part.get_booster().feature_names
    pending = [json.loads(tree)]
    while pending:
        node = pending.pop()
        pending.extend(node.get("children", []))
        split, value = node.get("split"), node.get("split_condition")
        if split is None or not isinstance(value, (int, float)):
            continue
        if names is not None and split in names:
            yield names.index(split), float(value)
        elif split.startswith("f") and split[1:].isdigit():
            yield int(split[1:]), float(value)
