"""Searches one candidate's parameters: every trial is a cross-validation."""

import itertools
import json
import time
import warnings

import numpy as np

from .estimators import check_names, find_estimator
from .fitting import cross_validate
from .frame import limit_rows
from .protocol import WorkerError
from .scoring import LOWER_IS_BETTER, average, metric_of
from .splitting import make_folds
from .train import training_rows

GRID_POINTS = 5
DUPLICATES = 50
TRIAL_FAILURES = {"FIT_FAILED", "PARAMETER_INVALID", "PARAMETER_UNUSED", "USER_CODE_FAILED"}


def tune(request, call):
    warnings.simplefilter("ignore")
    started = time.monotonic()
    candidate = request["candidate"]
    estimator = find_estimator(candidate, request["problemType"])
    space = request.get("searchSpace") or estimator.space
    if not space:
        raise WorkerError("SPACE_EMPTY", f'"{candidate["estimator"]}" has nothing to search',
                          "Give the candidate a searchSpace, or tune another one.")
    check_names(space, candidate, estimator)
    rows, _ = training_rows(request)
    rows, _ = limit_rows(rows, max(1, round(len(rows) * request["sample"])),
                         request["crossValidation"]["by"], request["seed"])
    folds = make_folds(rows, request)
    search = make_search(request, space)
    trials, stopped = [], "trials"
    while len(trials) < request["trials"]:
        if trials and (time.monotonic() - started) * 1_000 >= request["timeLimitMs"]:
            stopped = "time"
            break
        sampled = search.ask()
        if sampled is None:
            stopped = "exhausted"
            break
        call.progress(len(trials) / request["trials"],
                      f"trial {len(trials) + 1} of {request['trials']}")
        trial = run_trial(len(trials), sampled, rows, folds, request, call)
        search.tell(trial["value"])
        trials.append(trial)
    return {"trials": trials, "best": best_of(trials, request["metric"]), "stopped": stopped}


def run_trial(number, sampled, rows, folds, request, call):
    """One set of parameters; a fit that fails is a failed trial, not the end of the search."""
    parameters = {**(request["candidate"].get("parameters") or {}), **sampled}
    candidate = {**request["candidate"], "parameters": parameters}
    share = number / request["trials"]
    advance = lambda done, text: call.progress(
        share + done / len(folds) / request["trials"], f"trial {number + 1}, {text}")
    began = time.perf_counter()
    value, state = None, "failed"
    try:
        results = cross_validate(rows, folds, candidate, request, advance)
        value, state = metric_of(average(results), request["metric"]), "complete"
    except WorkerError as error:
        if error.code not in TRIAL_FAILURES:
            raise
    return {"number": number, "parameters": parameters, "value": value, "state": state,
            "durationMs": (time.perf_counter() - began) * 1_000}


def best_of(trials, metric):
    complete = [trial for trial in trials if trial["value"] is not None]
    if not complete:
        return None
    sign = 1 if metric in LOWER_IS_BETTER else -1
    best = min(complete, key=lambda trial: (sign * trial["value"], trial["number"]))
    return {"parameters": best["parameters"], "value": best["value"]}


def make_search(request, space):
    if request["method"] == "grid":
        return Grid(space, request["trials"], request["seed"])
    return Sampled(space, request)


class Grid:
    """Every combination once; a grid larger than the budget is walked in seeded random order."""

    def __init__(self, space, budget, seed):
        names = sorted(space)
        combinations = [dict(zip(names, values)) for values in
                        itertools.product(*(grid_values(space[name]) for name in names))]
        if len(combinations) > budget:
            order = np.random.default_rng(seed).permutation(len(combinations))
            combinations = [combinations[index] for index in order]
        self._left = iter(combinations)

    def ask(self):
        return next(self._left, None)

    def tell(self, value):
        """A grid learns nothing from its trials."""


def grid_values(room):
    """A list as it is; a range by its step, or at five points (decades: evenly in the logarithm)."""
    if isinstance(room, list):
        return room
    low, high = room["from"], room["to"]
    if room.get("step"):
        count = int(np.floor((high - low) / room["step"] + 1e-9)) + 1
        points = low + room["step"] * np.arange(count)
    elif room.get("log"):
        points = np.geomspace(low, high, GRID_POINTS)
    else:
        points = np.linspace(low, high, GRID_POINTS)
    if room.get("integer"):
        return sorted({int(round(point)) for point in points})
    return [float(point) for point in points]


class Sampled:
    """Random or tree-structured Parzen (bayesian) search by Optuna; no set of values twice."""

    def __init__(self, space, request):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        samplers = {"random": optuna.samplers.RandomSampler, "bayesian": optuna.samplers.TPESampler}
        direction = "minimize" if request["metric"] in LOWER_IS_BETTER else "maximize"
        self._study = optuna.create_study(direction=direction,
                                          sampler=samplers[request["method"]](seed=request["seed"]))
        self._failed = optuna.trial.TrialState.FAIL
        self._space = {name: distribution(optuna, room) for name, room in sorted(space.items())}
        self._seen = {}
        self._asked = None

    def ask(self):
        for _ in range(DUPLICATES):
            trial = self._study.ask(self._space)
            key = json.dumps(trial.params, sort_keys=True)
            if key not in self._seen:
                self._asked = (trial, key)
                return dict(trial.params)
            self._record(trial, self._seen[key])
        return None

    def tell(self, value):
        trial, key = self._asked
        self._seen[key] = value
        self._record(trial, value)

    def _record(self, trial, value):
        if value is None:
            self._study.tell(trial, state=self._failed)
        else:
            self._study.tell(trial, value)


def distribution(optuna, room):
    if isinstance(room, list):
        return optuna.distributions.CategoricalDistribution(room)
    kinds = optuna.distributions
    log, step = bool(room.get("log")), room.get("step")
    if room.get("integer"):
        return kinds.IntDistribution(int(room["from"]), int(room["to"]), log=log,
                                     step=1 if log or not step else int(step))
    return kinds.FloatDistribution(room["from"], room["to"], log=log, step=None if log else step)
