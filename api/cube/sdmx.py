"""SDMX-CSV 2.0: a line an observation (https://github.com/sdmx-twg/sdmx-csv).

Dimensions come in the order of the cube, `TIME_PERIOD` last of them. A dataflow is named after
what the observations are broken down by: that is what its structure depends on.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

from api.cube.model import PLAIN, Cube, Dimension, Mark, Period, Value
from db import flags

AGENCY = "QUARTIER"
VERSION = "1.0.0"
MEASURE = "OBS_VALUE"
ATTRIBUTES = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "DECIMALS", "FLAGS", "SCENARIO")
NAMES = {"indicator": "INDICATOR", "district": "REF_AREA", "time": "TIME_PERIOD"}
FIRST = ("STRUCTURE", "STRUCTURE_ID", "ACTION")
COLUMNS = (*FIRST, *NAMES.values(), MEASURE, *ATTRIBUTES)
"""Those that every table has; breakdowns have one each besides, and after them comes what is
included of values, in further attributes."""

_PLAIN_TIME = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?")
_PART_OF_YEAR = re.compile(r"([0-9]{4})-(3[3-9]|4[01])")
_PARTS = {
    "33": "Q1", "34": "Q2", "35": "Q3", "36": "Q4", "37": "T1", "38": "T2", "39": "T3",
    "40": "S1", "41": "S2",
}  # fmt: skip
_NO_CODE = re.compile(r"[^A-Za-z0-9_@$-]")


def table(cube: Cube) -> bytes:
    """The cells that are observed, in the order of their positions."""
    text = io.StringIO()
    lines = csv.writer(text)
    ordered = _ordered(cube)
    names = [_name(dimension) for dimension, _ in ordered]
    lines.writerow(
        [*FIRST, *names, MEASURE, *ATTRIBUTES, *(name.upper() for name in cube.included)]
    )
    lines.writerows(_rows(cube, ordered))
    return text.getvalue().encode()


def _ordered(cube: Cube) -> list[tuple[Dimension, int]]:
    """Dimensions with their strides, time last."""
    pairs = list(zip(cube.dimensions, cube.strides, strict=True))
    return sorted(pairs, key=lambda pair: pair[0].role == "time")


def _name(dimension: Dimension) -> str:
    return NAMES.get(dimension.id, dimension.id.upper())


def structure(cube: Cube) -> str:
    """The dataflow that the lines are of."""
    broken = [dimension.id.upper() for dimension in cube.dimensions[3:]]
    return f"{AGENCY}:{'_'.join(('OBSERVATIONS', *broken))}({VERSION})"


def _rows(cube: Cube, ordered: list[tuple[Dimension, int]]) -> Iterator[list[Value | str | int]]:
    begin = ["dataflow", structure(cube), "I"]
    codes = [_codes(dimension) for dimension, _ in ordered]
    axes = [(each, stride, len(each)) for each, (_, stride) in zip(codes, ordered, strict=True)]
    step = cube.strides[0]
    units = [(metric.symbol, metric.decimals) for metric in cube.metrics]
    said = {mark: _said(mark) for mark in {PLAIN, *cube.marks.values()}}
    for position in sorted(cube.cells):
        status, confidential, named, scenario = said[cube.marks.get(position, PLAIN)]
        unit, decimals = units[position // step]
        yield [
            *begin,
            *(each[position // stride % length] for each, stride, length in axes),
            cube.cells[position],
            status,
            confidential,
            unit,
            decimals,
            named,
            scenario,
            *(values[position] for values in cube.included.values()),
        ]


def _said(mark: Mark) -> tuple[str, str, str, str]:
    return *flags.sdmx(mark.flags), " ".join(mark.flags), mark.scenario or ""


def _codes(dimension: Dimension) -> list[str]:
    return [
        time_period(each) if isinstance(each, Period) else _NO_CODE.sub("_", each.code)
        for each in dimension.categories
    ]


def time_period(period: Period) -> str:
    """EDTF as SDMX has it (Technical Notes, section 4.2): a year, a part of one, a day; else a
    range, from its first day on and so many days long; what nobody dated as it stands."""
    if _PLAIN_TIME.fullmatch(period.code):
        return period.code
    if part := _PART_OF_YEAR.fullmatch(period.code):
        return f"{part[1]}-{_PARTS[part[2]]}"
    if period.earliest and period.latest:
        days = date.fromisoformat(period.latest) - date.fromisoformat(period.earliest)
        return f"{period.earliest}/P{days.days + 1}D"
    return period.code
