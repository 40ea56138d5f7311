"""Trains the models of the serving benchmark and works out what they must answer.

    python make_model.py FOLDER VERSIONS TREES     (with the worker's environment, `python/` importable)

Three files a version, `v<n>.onnx` (by the worker's own conversion), `v<n>.json` (the booster, which
the peers serve), `v<n>.f32` (the positive probability of each row by XGBoost itself), and
`rows.f32`, the rows. Data are drawn with fixed seeds and hold nothing real.
"""

import json
import sys
from pathlib import Path

import numpy as np
from esteira_worker.conversion import convert
from xgboost import XGBClassifier

FEATURES, TRAINING_ROWS, ROWS = 20, 20_000, 1_000


def draw(rng, rows):
    return rng.normal(size=(rows, FEATURES)).astype(np.float32)


def main(folder, versions, trees):
    rng = np.random.default_rng(4)
    weights = rng.normal(size=FEATURES)
    x = draw(rng, TRAINING_ROWS)
    score = x @ weights + 2 * x[:, 0] * x[:, 1] + rng.normal(size=TRAINING_ROWS)
    rows = draw(rng, ROWS)
    rows.tofile(folder / "rows.f32")
    names = [f"f{i}" for i in range(FEATURES)]
    for version in range(1, versions + 1):
        # The depth and the rate that the platform's own `xgboost` candidate has by default.
        model = XGBClassifier(n_estimators=trees, max_depth=5, learning_rate=0.1,
                              tree_method="hist", n_jobs=1, random_state=version)
        model.fit(x, (score > 0.3 * version).astype(int))
        request = {"columns": {"numeric": names, "categorical": []},
                   "problemType": "binary-classification"}
        onnx, tensors = convert(model, request)
        (folder / f"v{version}.onnx").write_bytes(onnx.SerializeToString(deterministic=True))
        model.get_booster().save_model(folder / f"v{version}.json")
        model.predict_proba(rows)[:, 1].astype(np.float32).tofile(folder / f"v{version}.f32")
    ranges = [[float(low), float(high)] for low, high in zip(x.min(axis=0), x.max(axis=0))]
    facts = {"features": names, "rows": ROWS, "versions": versions, "trees": trees,
             "tensors": tensors, "ranges": ranges}
    (folder / "facts.json").write_text(json.dumps(facts))


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
