"""Opens XGBoost's own formats, JSON and UBJSON; neither can run code."""

import json

from .refusal import Refusal, first_line

REGRESSION = ("reg:",)
CLASSIFICATION = ("binary:logistic", "multi:softprob", "multi:softmax")
REGRESSORS = {"count:poisson", "survival:cox", "survival:aft", "rank:pairwise", "rank:ndcg"}


def read_xgboost(path):
    """(model, notes): a scikit-learn wrapper around the booster in the file."""
    import xgboost

    try:
        booster = xgboost.Booster()
        booster.load_model(path)
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    except MemoryError:
        raise
    except Exception as error:
        raise Refusal("MODEL_FILE_INVALID", f"XGBoost cannot read the file: {first_line(error)}",
                      "Log the model with mlflow.xgboost.log_model in the format ubj or json.") \
            from error
    if objective in CLASSIFICATION:
        model = xgboost.XGBClassifier()
    elif objective.startswith(REGRESSION) or objective in REGRESSORS:
        model = xgboost.XGBRegressor()
    else:
        raise Refusal("MODEL_CLASS_UNSUPPORTED", f"the objective {objective!r} is not supported",
                      f"Supported: {', '.join(CLASSIFICATION)}, and those of regression (reg:…).")
    model.load_model(path)
    model.n_jobs = 1
    return model, []
