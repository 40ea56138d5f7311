"""Reads a part of the training frame and refuses what no model can be fitted to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .protocol import WorkerError

TARGET, TIME, GROUP = "__target", "__prediction_time", "__group"


@dataclass(frozen=True)
class Rows:
    """Rows ready to fit: `inputs` has the numbers first (float32, missing is NaN), then the texts
    (missing is ""); `target` holds class indices, numbers, or nothing (clustering)."""

    inputs: pd.DataFrame
    target: np.ndarray | None
    time: np.ndarray | None
    group: np.ndarray | None

    def __len__(self):
        return len(self.inputs)

    def take(self, positions):
        pick = lambda values: None if values is None else values[positions]
        return Rows(self.inputs.iloc[positions].reset_index(drop=True), pick(self.target),
                    pick(self.time), pick(self.group))


def read_rows(path, request, part):
    numeric, categorical = request["columns"]["numeric"], request["columns"]["categorical"]
    available = set(_schema(path, part).names)
    missing = [name for name in [*numeric, *categorical] if name not in available]
    if missing:
        raise WorkerError("COLUMN_MISSING", f'the {part} part has no column "{missing[0]}"',
                          "The frame and the request disagree; build the frame again.")
    beside = [name for name in (TARGET, TIME, GROUP) if name in available]
    table = pq.read_table(path, columns=[*numeric, *categorical, *beside], use_threads=False)
    if table.num_rows == 0:
        raise WorkerError("PART_EMPTY", f"the {part} part has no rows",
                          "Check the split's boundaries and the dataset's filters.")
    columns = {name: _numbers(table, name, part) for name in numeric}
    columns |= {name: _texts(table, name) for name in categorical}
    inputs = pd.DataFrame({name: pd.Series(values, dtype=values.dtype)
                           for name, values in columns.items()})
    return Rows(inputs, _target(table, request, part), _times(table), _groups(table))


def _schema(path, part):
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise WorkerError("FRAME_UNREADABLE", f"the {part} part cannot be read: {error}",
                          "Remove the broken file's step and run again.") from error


def _numbers(table, name, part):
    column = table.column(name)
    try:
        values = pc.cast(column, pa.float32(), safe=False).to_numpy()
    except pa.ArrowException as error:
        raise WorkerError("COLUMN_NOT_NUMERIC",
                          f'column "{name}" of the {part} part is {column.type}, expected a number',
                          "Cast the column in the dataset's SQL.") from error
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise WorkerError("COLUMN_INFINITE",
                          f'column "{name}" of the {part} part has {infinite} infinite values '
                          "(or beyond the range of float32)",
                          "Make them null or a finite number in the SQL that computes the column.")
    return values.astype(np.float32)


def _texts(table, name):
    column = pc.fill_null(pc.cast(table.column(name), pa.string()), "")
    return np.array(column.to_pylist(), dtype=object)


def _target(table, request, part):
    if request["problemType"] == "clustering":
        return None
    if TARGET not in table.column_names:
        raise WorkerError("TARGET_MISSING", f'the {part} part has no column "{TARGET}"')
    column = table.column(TARGET)
    if column.null_count:
        raise WorkerError("TARGET_NULL",
                          f"the target is null in {column.null_count} rows of the {part} part",
                          "Drop rows without a label in the dataset's SQL.")
    if request["problemType"] == "regression":
        values = pc.cast(column, pa.float64()).to_numpy()
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            raise WorkerError("TARGET_INFINITE",
                              f"the target is not finite in {count} rows of the {part} part")
        return values
    return _class_indices(column, request["classes"], part)


def _class_indices(column, classes, part):
    found = pc.index_in(pc.cast(column, pa.string()), pa.array(classes, pa.string()))
    if found.null_count:
        unknown = next(text for text in column.to_pylist() if text not in set(classes))
        raise WorkerError("CLASS_UNKNOWN",
                          f'the {part} part has the class "{unknown}", expected one of '
                          f"{', '.join(classes)}")
    return found.to_numpy().astype(np.int64)


def _times(table):
    if TIME not in table.column_names or table.column(TIME).null_count == table.num_rows:
        return None
    return pc.cast(pc.cast(table.column(TIME), pa.timestamp("us")), pa.int64()).to_numpy()


def _groups(table):
    if GROUP not in table.column_names or table.column(GROUP).null_count == table.num_rows:
        return None
    texts = pc.fill_null(pc.cast(table.column(GROUP), pa.string()), "")
    return np.array(texts.to_pylist(), dtype=object)


def limit_rows(rows, most, by, seed):
    """At most `most` rows: the newest in time, else a seeded sample; the order is kept."""
    if most is None or len(rows) <= most:
        return rows, None
    if by == "time" and rows.time is not None:
        kept = np.sort(np.argsort(rows.time, kind="stable")[-most:])
        return rows.take(kept), f"trained on the newest {most} of {len(rows)} rows"
    kept = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
    return rows.take(kept), f"trained on a seeded sample of {most} of {len(rows)} rows"


def check_classes(rows, classes):
    """Every class must have rows to learn from, and there must be two of them."""
    if rows.target is None or not classes:
        return
    counts = np.bincount(rows.target, minlength=len(classes))
    present = [label for label, count in zip(classes, counts) if count]
    if len(present) < 2:
        raise WorkerError("ONE_CLASS", f'all {len(rows)} training rows are of class "{present[0]}"',
                          "Check the target's SQL and the split: a classifier needs two classes.")
    if len(present) < len(classes):
        absent = next(label for label, count in zip(classes, counts) if not count)
        raise WorkerError("CLASS_ABSENT", f'class "{absent}" has no training rows',
                          "Drop the class, merge it with another, or split differently.")
