"""Where a cell stands, however variables are placed: beside cubes that are looked up by name."""

from __future__ import annotations

import csv
import io
import re
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from api.cube.model import Cube
from api.px import files, pcaxis
from api.px.datasets import Layout, laid_out
from api.px.files import MISSING, Options
from api.px.tables import Asked, Placement, Table, placed, selected, table
from tests.cube.cubes import cubes

SIGNS = {".", "…", MISSING}
DOCUMENT = {"slug": "people", "title": "Bevölkerung", "levels": []}


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Cube, Layout]:
    """Some values of every variable, some before the lines and the rest above the columns."""
    cube = draw(cubes())
    found = table(DOCUMENT, cube)
    asked = [
        Asked(
            variable.code,
            draw(st.lists(st.sampled_from(variable.codes), min_size=1, unique=True)),
            None,
            {"parameter": variable.code},
        )
        for variable in found.variables
    ]
    placement = draw(placements(found))
    return cube, laid_out(found, selected(found, asked, {}), placement)


def placements(found: Table) -> st.SearchStrategy[Placement]:
    codes = st.permutations([variable.code for variable in found.variables])
    return st.tuples(codes, st.integers(0, len(found.variables))).map(
        lambda drawn: placed(found, drawn[0][: drawn[1]], drawn[0][drawn[1] :])
    )


def _by_name(cube: Cube) -> dict[frozenset[tuple[str, str]], float | None]:
    ids = [dimension.id for dimension in cube.dimensions]
    return {
        frozenset(zip(ids, (category.code for category in cube.at(place)), strict=True)): value
        for place, value in cube.cells.items()
    }


def _expected(cube: Cube, layout: Layout) -> list[float | None]:
    values = _by_name(cube)
    axes = [
        [(variable.dimension.id, code) for code in variable.codes] for variable in layout.variables
    ]
    return [values.get(frozenset(named)) for named in product(*axes)]


@given(layouts())
def test_values_are_where_their_names_say(drawn: tuple[Cube, Layout]) -> None:
    cube, layout = drawn
    assert layout.values() == _expected(cube, layout)


@given(layouts())
def test_a_table_has_a_line_for_each_value_of_its_stub(drawn: tuple[Cube, Layout]) -> None:
    cube, layout = drawn
    text = files.as_csv(layout, "title", Options(labels="UseCodes")).decode()
    head, *lines = csv.reader(io.StringIO(text))
    width = len(layout.stub)
    assert head[:width] == [variable.code for variable in layout.stub]
    cells = [cell for line in lines for cell in line[width:]]
    expected = _expected(cube, layout)
    assert [None if cell in SIGNS else float(cell) for cell in cells] == expected
    names = product(*(variable.codes for variable in layout.stub))
    assert [tuple(line[:width]) for line in lines] == list(names)


@given(layouts())
def test_a_pc_axis_file_reads_back(drawn: tuple[Cube, Layout]) -> None:
    cube, layout = drawn
    text = pcaxis.as_px(layout, 'Ein "Titel"', Options()).decode()
    statements = dict(
        re.findall(r"^([A-Z0-9-]+(?:\(.*?\))?)=((?:\"[^\"]*\"|[^;\"])*);$", text, re.M)
    )
    assert statements["TITLE"] == "\"Ein 'Titel'\""
    cells = re.findall(r'"(\.+)"|(\S+)', statements["DATA"])
    found = [None if points else float(number) for points, number in cells]
    assert found == _expected(cube, layout)
    for variable in layout.variables:
        label = " ".join(variable.label.split())
        codes = re.findall(r'"([^"]*)"', statements[f'CODES("{label}")'])
        assert codes == list(variable.codes)


def test_what_is_not_known_has_two_points() -> None:
    assert MISSING == ".." == "." * pcaxis.SYMBOLS[""]
