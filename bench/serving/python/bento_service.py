"""The booster as a BentoML service, as its guide for XGBoost writes one; BOOSTER names the file."""

import os

import bentoml
import numpy as np
import xgboost


@bentoml.service
class Scorer:
    def __init__(self):
        self.booster = xgboost.Booster()
        self.booster.load_model(os.environ["BOOSTER"])

    @bentoml.api
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.booster.predict(xgboost.DMatrix(rows))
