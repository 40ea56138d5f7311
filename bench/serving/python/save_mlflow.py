"""Saves the booster as an MLflow model of the XGBoost flavour: python save_mlflow.py BOOSTER FOLDER"""

import sys

import mlflow.xgboost
import xgboost

booster = xgboost.Booster()
booster.load_model(sys.argv[1])
mlflow.xgboost.save_model(booster, sys.argv[2], model_format="json")
