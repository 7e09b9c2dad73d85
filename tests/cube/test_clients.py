"""Clients that people use, unmodified, against a real server."""

from __future__ import annotations

from io import StringIO
from typing import Any
from urllib.request import urlopen

import pandas as pd
import pytest
from pyjstat import pyjstat

from tests.cube.test_sdmx import dataset_of
from tests.docs.pages import DOCS, SERVER, blocks

pytestmark = pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
"""pyjstat says so to itself: `write()` calls what it warns of."""

QUERIES = ["indicator=people", "indicator=voices&indicator=people&lang=en", "indicator=secret", ""]
PAGE = DOCS / "how-to" / "json-stat.md"
Observed = dict[tuple[str, ...], float | None]


def listed(served: str, query: str) -> pd.DataFrame:
    return pd.read_csv(f"{served}/v1/observations.csv?{query}")


def fetched(url: str) -> str:
    with urlopen(url, timeout=30) as answer:  # noqa: S310 - always http on this machine
        return str(answer.read().decode())


@pytest.mark.parametrize("query", QUERIES)
def test_pyjstat_reads_the_values_that_pandas_reads_from_csv(served: str, query: str) -> None:
    dataset = pyjstat.Dataset.read(f"{served}/v1/observations.jsonstat?{query}")
    frame = dataset.write("dataframe", naming="id")
    plain = listed(served, query).dropna(subset="value")
    cells = frame.dropna(subset="value")
    doubled = 1 if query == "" else 0  # of Anger two sources have one: tests/cube/difficult.py
    assert len(cells) == len(plain) - doubled
    if not doubled:
        assert sorted(cells["value"]) == sorted(plain["value"])


def test_labels_name_the_columns(served: str) -> None:
    dataset = pyjstat.Dataset.read(f"{served}/v1/indicators/voices/observations.jsonstat?lang=en")
    frame = dataset.write("dataframe")
    assert list(frame.columns) == ["Indicator", "District", "Time", "Alter", "Sex", "value"]
    women = frame[(frame["Sex"] == "female") & (frame["Alter"] == "Total")]
    assert list(women["value"]) == [6]


def test_pyjstat_writes_a_dataset_again(served: str) -> None:
    url = f"{served}/v1/observations.jsonstat?indicator=people"
    dataset = pyjstat.Dataset.read(url)
    again = pyjstat.Dataset.read(dataset.write("jsonstat"))
    assert again == dataset


@pytest.mark.parametrize("number", range(3))
def test_the_python_of_the_page_runs(
    live_server: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    freiberg = listed(live_server, "indicator=population&district=freiberg&time=2021")["value"]
    code = blocks(PAGE, "python")[number].replace(SERVER, live_server)
    exec(compile(code, PAGE.name, "exec"), {})  # noqa: S102 - our own page
    assert f"{freiberg[0]:.0f}" in capsys.readouterr().out


def _observed(frame: pd.DataFrame) -> Observed:
    rows: list[dict[str, Any]] = frame.to_dict("records")
    return {
        (row["INDICATOR"], row["REF_AREA"], row["TIME_PERIOD"]): (
            float(row["OBS_VALUE"]) if row["OBS_VALUE"] else None
        )
        for row in rows
    }


@pytest.mark.parametrize("query", QUERIES[:3:2])
def test_pysdmx_reads_the_observations_of_the_list(served: str, query: str) -> None:
    url = f"{served}/v1/observations.sdmx-csv?{query}"
    dataset = dataset_of(fetched(url))
    expected: Observed = {
        (row["indicator"], row["district"], str(row["period"])): (
            None if pd.isna(row["value"]) else float(row["value"])
        )
        for row in listed(served, query).to_dict("records")
    }
    assert _observed(dataset.data) == expected


def test_pyjstat_and_pysdmx_read_what_is_included(served: str) -> None:
    query = "indicator=share&include=numerator,interval"
    plain = listed(served, query).set_index("district")
    url = f"{served}/v1/observations.jsonstat?{query}"
    frame = pyjstat.Dataset.read(url).write("dataframe", naming="id").set_index("indicator")
    attributes = dataset_of(fetched(f"{served}/v1/observations.sdmx-csv?{query}")).data
    for name in ("numerator", "interval_low", "interval_high"):
        column = plain[name].dropna()
        assert len(column)
        assert sorted(frame.loc[f"share.{name}", "value"].dropna()) == sorted(column)
        found = attributes.set_index("REF_AREA")[name.upper()]
        assert {area: float(value) for area, value in found.items() if value} == dict(column)


def test_pandas_reads_sdmx_csv(served: str) -> None:
    text = fetched(f"{served}/v1/observations.sdmx-csv?indicator=voices")
    frame = pd.read_csv(StringIO(text))
    assert set(frame["STRUCTURE_ID"]) == {"QUARTIER:OBSERVATIONS_AGE_SEX(1.0.0)"}
    totals = frame[(frame["AGE"] == "_T") & (frame["SEX"] == "_T")]
    assert list(totals["OBS_VALUE"]) == [10]
