"""The catalogue: what each estimator accepts, for which problems, and how it is built.

Parameter names are those of scikit-learn and XGBoost. Libraries are imported where they are used,
so that a cold worker loads only what its request needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from .protocol import WorkerError, closest

BINARY, MULTICLASS = "binary-classification", "multiclass-classification"
REGRESSION, CLUSTERING = "regression", "clustering"
CLASSIFICATION = (BINARY, MULTICLASS)
SUPERVISED = (*CLASSIFICATION, REGRESSION)


@dataclass(frozen=True)
class Traits:
    """What an estimator asks of its preparation."""

    ignores_scale: bool = False
    keeps_missing: bool = False


@dataclass(frozen=True)
class Setting:
    """What is known when an estimator is built: the task, the seed, the spread of the target."""

    problem: str
    classes: list
    seed: int
    target_scale: float = 1.0


@dataclass(frozen=True)
class Estimator:
    problems: tuple
    defaults: dict
    build: Callable | None
    traits: Traits = Traits()
    space: dict = field(default_factory=dict)
    row_cap: Callable = lambda parameters: None
    unused: Callable = lambda parameters, problem: set()


def _baseline(parameters, setting):
    """A tree that may never split: the prior, or the mean."""
    return _tree(setting, max_depth=1, min_impurity_decrease=1e300)


def _simple_rule(parameters, setting):
    return _tree(setting, max_depth=1, min_samples_leaf=parameters["min_samples_leaf"])


def _tree(setting, **options):
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if setting.problem == REGRESSION else DecisionTreeClassifier
    return kind(random_state=setting.seed, **options)


def _logistic(parameters, setting):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**parameters, random_state=setting.seed)


def _linear(parameters, setting):
    from sklearn.linear_model import Ridge

    return Ridge(**parameters, random_state=setting.seed)


def _svm(parameters, setting):
    if setting.problem == REGRESSION:
        return _support_regressor(parameters, setting)
    return _support_classifier(parameters, setting)


def _svm_unused(parameters, problem):
    kernel = parameters["kernel"]
    if kernel not in ("linear", "rbf"):
        raise WorkerError("PARAMETER_INVALID", f'svm.kernel is "{kernel}", expected "linear" or '
                          '"rbf"')
    unused = {"gamma", "max_rows"} if kernel == "linear" else {"max_iter"}
    return unused | ({"class_weight"} if problem == REGRESSION else {"epsilon"})


def _support_classifier(own, setting):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC, LinearSVC

    options = {"C": own["C"], "class_weight": own["class_weight"], "random_state": setting.seed}
    if own["kernel"] == "linear":
        machine = LinearSVC(max_iter=own["max_iter"], **options)
    else:
        machine = SVC(kernel="rbf", gamma=own["gamma"], **options)
    return CalibratedClassifierCV(machine, method="sigmoid", cv=3, ensemble=False)


def _support_regressor(own, setting):
    """`epsilon` (and for rbf `C`) count in standard deviations of the target."""
    from sklearn.svm import SVR, LinearSVR

    epsilon = own["epsilon"] * setting.target_scale
    if own["kernel"] == "linear":
        return LinearSVR(C=own["C"], epsilon=epsilon, loss="squared_epsilon_insensitive",
                         dual="auto", max_iter=own["max_iter"], random_state=setting.seed)
    return SVR(kernel="rbf", C=own["C"] * setting.target_scale, epsilon=epsilon,
               gamma=own["gamma"])


def _forest(parameters, setting):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if setting.problem == REGRESSION else RandomForestClassifier
    return kind(**parameters, n_jobs=1, random_state=setting.seed)


def _xgboost(parameters, setting):
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if setting.problem == REGRESSION else XGBClassifier
    return kind(**parameters, tree_method="hist", n_jobs=1, random_state=setting.seed)


def _k_means(parameters, setting):
    from sklearn.cluster import KMeans

    return KMeans(**parameters, random_state=setting.seed)


def _decades(low, high):
    return {"from": low, "to": high, "log": True}


def _whole(low, high):
    return {"from": low, "to": high, "integer": True}


CATALOGUE = {
    "baseline": Estimator(SUPERVISED, {}, _baseline, Traits(ignores_scale=True)),
    "simple-rule": Estimator(SUPERVISED, {"min_samples_leaf": 1}, _simple_rule,
                             Traits(ignores_scale=True)),
    "logistic-regression": Estimator(
        CLASSIFICATION, {"C": 1.0, "class_weight": None, "max_iter": 500, "tol": 1e-4}, _logistic,
        space={"C": _decades(1e-3, 1e2)}),
    "linear-regression": Estimator(
        (REGRESSION,), {"alpha": 1.0}, _linear, space={"alpha": _decades(1e-3, 1e3)}),
    "svm": Estimator(
        SUPERVISED, {"kernel": "linear", "C": 1.0, "gamma": "scale", "epsilon": 0.1,
                     "class_weight": None, "max_iter": 2_000, "max_rows": 10_000}, _svm,
        space={"C": _decades(1e-3, 1e2)},
        row_cap=lambda parameters: parameters["max_rows"] if parameters["kernel"] == "rbf"
        else None,
        unused=_svm_unused),
    "random-forest": Estimator(
        SUPERVISED, {"n_estimators": 100, "max_depth": 12, "min_samples_leaf": 5,
                     "max_features": "sqrt", "max_samples": None, "class_weight": None}, _forest,
        Traits(ignores_scale=True),
        {"max_depth": _whole(4, 16), "min_samples_leaf": {**_decades(1, 100), "integer": True},
         "max_features": ["sqrt", 0.3, 0.6]},
        unused=lambda parameters, problem: {"class_weight"} if problem == REGRESSION else set()),
    "xgboost": Estimator(
        SUPERVISED, {"n_estimators": 200, "max_depth": 5, "learning_rate": 0.1, "subsample": 1.0,
                     "colsample_bytree": 1.0, "min_child_weight": 1.0, "reg_lambda": 1.0,
                     "reg_alpha": 0.0, "gamma": 0.0, "max_bin": 256, "scale_pos_weight": 1.0},
        _xgboost, Traits(ignores_scale=True, keeps_missing=True),
        {"n_estimators": {"from": 100, "to": 500, "integer": True, "step": 50},
         "max_depth": _whole(3, 9), "learning_rate": _decades(0.02, 0.3),
         "min_child_weight": _decades(1, 50), "subsample": {"from": 0.5, "to": 1.0},
         "colsample_bytree": {"from": 0.4, "to": 1.0}, "reg_lambda": _decades(0.1, 20)},
        unused=lambda parameters, problem: set() if problem == BINARY else {"scale_pos_weight"}),
    "voting": Estimator(SUPERVISED, {}, None),
    "k-means": Estimator(
        (CLUSTERING,), {"n_clusters": 4, "n_init": 10, "max_iter": 300}, _k_means,
        space={"n_clusters": _whole(2, 12)}),
    "custom": Estimator((*SUPERVISED, CLUSTERING), {}, None),
}


def find_estimator(candidate, problem):
    name = candidate["estimator"]
    if name not in CATALOGUE:
        raise WorkerError("ESTIMATOR_UNKNOWN", f'no estimator "{name}"', closest(name, CATALOGUE))
    estimator = CATALOGUE[name]
    if problem not in estimator.problems:
        raise WorkerError("ESTIMATOR_UNFIT", f'"{name}" cannot be used for {problem}',
                          f"It is for {', '.join(estimator.problems)}.")
    return estimator


def check_names(names, candidate, estimator):
    """Parameters that the estimator does not have are errors, never ignored."""
    if candidate["estimator"] == "custom":
        return
    for name in names:
        if name not in estimator.defaults:
            allowed = ", ".join(sorted(estimator.defaults)) or "none"
            raise WorkerError("PARAMETER_UNKNOWN",
                              f'"{candidate["estimator"]}" has no parameter "{name}"',
                              f"{closest(name, estimator.defaults)} It has: {allowed}.".strip())


def resolve_parameters(candidate, problem):
    """The defaults with the candidate's own values over them, without those that play no part."""
    estimator = find_estimator(candidate, problem)
    given = candidate.get("parameters") or {}
    check_names(given, candidate, estimator)
    if candidate["estimator"] == "custom":
        return dict(given)
    parameters = {**estimator.defaults, **given}
    unused = estimator.unused(parameters, problem)
    for name in given:
        if name in unused:
            raise WorkerError("PARAMETER_UNUSED",
                              f'"{candidate["estimator"]}" makes no use of "{name}" here',
                              "It depends on the kind of problem and, for svm, on the kernel: "
                              "remove the parameter.")
    return {name: value for name, value in parameters.items() if name not in unused}
