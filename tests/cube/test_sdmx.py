"""Any cube is written so that pysdmx reads the same observations."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysdmx.io import read_sdmx
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.model.dataset import ActionType

from api.cube import sdmx
from api.cube.model import Cube, Period
from seed.edtf import parse
from tests.cube.cubes import AXES, HIDDEN, STATE, cubes


def dataset_of(text: str) -> PandasDataset:
    """What pysdmx reads of a message."""
    (dataset,) = read_sdmx(text, validate=False).data or ()
    assert isinstance(dataset, PandasDataset)
    return dataset


CODE = re.compile(r"[A-Za-z0-9_@$-]+")
"""SDMX 3.0, common.IDType."""


@settings(deadline=None)  # pandas takes its time
@given(cube=cubes(including=True))
def test_pysdmx_reads_what_was_written(cube: Cube) -> None:
    dataset = dataset_of(sdmx.table(cube).decode())
    assert dataset.short_urn == f"Dataflow={sdmx.structure(cube)}"
    assert dataset.action is ActionType.Information
    frame = dataset.data
    assert len(frame) == len(cube.cells)
    for row, place in zip(frame.to_dict("records"), sorted(cube.cells), strict=True):
        metric, area, period, *terms = cube.at(place)
        assert row["INDICATOR"] == metric.code
        assert row["REF_AREA"] == area.code.replace(":", "_")
        assert row["TIME_PERIOD"] == period.code
        assert [row[each.id.upper()] for each in cube.dimensions[3:]] == [t.code for t in terms]
        value = cube.cells[place]
        assert (float(row["OBS_VALUE"]) if row["OBS_VALUE"] else None) == value
        assert (row["UNIT_MEASURE"], row["DECIMALS"]) == ("%", "1")
        for name, values in cube.included.items():
            found = row[name.upper()]
            assert (float(found) if found else None) == values[place]


@given(cube=cubes())
def test_columns_come_as_the_field_guide_has_them(cube: Cube) -> None:
    lines = list(csv.reader(io.StringIO(sdmx.table(cube).decode(), newline=""), strict=True))
    head, rows = lines[0], lines[1:]
    broken = [dimension.id.upper() for dimension in cube.dimensions[3:]]
    assert head[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert head[3 : 6 + len(broken)] == ["INDICATOR", "REF_AREA", *broken, "TIME_PERIOD"]
    assert {len(row) for row in rows} == {len(head)}
    keys = [tuple(row[3 : 6 + len(broken)]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert all(CODE.fullmatch(code) for key in keys for code in key)


@pytest.mark.parametrize(
    ("edtf", "period"),
    [
        ("2021", "2021"),
        ("2021-06", "2021-06"),
        ("2021-06-30", "2021-06-30"),
        ("2021-34", "2021-Q2"),
        ("2021-39", "2021-T3"),
        ("2021-40", "2021-S1"),
        ("2013/2014", "2013-01-01/P730D"),
        ("2020~", "2020-01-01/P366D"),
        ("2021-21", "2021-03-01/P92D"),
        ("201X", "2010-01-01/P3652D"),
        ("XXXX", "XXXX"),
        ("2020/..", "2020/.."),
    ],
)
def test_times_as_sdmx_has_them(edtf: str, period: str) -> None:
    found = parse(edtf)
    first, last = (bound.isoformat() if bound else None for bound in found[1:])
    assert sdmx.time_period(Period(edtf, edtf, None, first, last)) == period


@given(first=st.dates(date(1900, 1, 1)), days=st.integers(0, 5000))
def test_a_range_is_as_long_as_its_days(first: date, days: int) -> None:
    last = date.fromordinal(min(first.toordinal() + days, date.max.toordinal()))
    said = sdmx.time_period(Period("a/b", "", None, str(first), str(last)))
    begin, _, length = said.partition("/")
    assert begin == str(first)
    assert length == f"P{(last - first).days + 1}D"


def test_a_hidden_value_says_that_and_how() -> None:
    cube = Cube(STATE, "de", AXES, cells={0: None, 1: 5}, marks={0: HIDDEN[0]})
    hidden, shown = csv.DictReader(io.StringIO(sdmx.table(cube).decode(), newline=""))
    assert (hidden["OBS_VALUE"], hidden["OBS_STATUS"], hidden["CONF_STATUS"]) == ("", "Q", "C")
    assert hidden["FLAGS"] == "suppressed suppressed_primary"
    assert (shown["OBS_VALUE"], shown["OBS_STATUS"], shown["CONF_STATUS"]) == ("5", "A", "F")


def test_the_format_is_the_one_that_pysdmx_knows() -> None:
    from api.formats import FORMATS

    plain = FORMATS["sdmx-csv"].content_type.replace("; charset=utf-8", "").replace("; ", ";")
    assert plain == Format.DATA_SDMX_CSV_2_0_0.value
