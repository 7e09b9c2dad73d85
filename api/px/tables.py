"""An indicator as a table of PxWeb: its variables, what of them may be left out, what is chosen.

A variable is a dimension of the cube under the name that clients know; its codes are those of the
cube.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from api.cube.model import TOTAL, Area, Cube, Dimension
from api.errors import Forbidden, InvalidParameter
from api.px.selection import NoSelection, chosen

MAX_DATA_CELLS = 100_000
LATEST = 13
"""Periods that are shown to who does not say which."""
VALUESET = "vs_"

_CODES = {"indicator": "ContentsCode", "district": "Region", "time": "Time"}


@dataclass(frozen=True, slots=True)
class Codelist:
    """Some of the values of a variable: the districts of a level."""

    id: str
    label: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Variable:
    """A dimension of the cube as PxWeb has it."""

    dimension: Dimension
    label: str
    codelists: tuple[Codelist, ...] = ()

    @property
    def code(self) -> str:
        return _CODES.get(self.dimension.id, self.dimension.id)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(category.code for category in self.dimension.categories)

    @property
    def is_time(self) -> bool:
        return self.dimension.role == "time"

    @property
    def is_contents(self) -> bool:
        return self.dimension.role == "metric"

    @property
    def elimination(self) -> str | None:
        """The value that stands for all of them where the variable is left out."""
        if self.is_contents:
            return self.codes[0]
        is_broken_down = self.dimension.role is None and TOTAL in self.dimension.places
        return TOTAL if is_broken_down else None

    def codelist(self, id_: str) -> Codelist | None:
        return next((found for found in self.codelists if found.id == id_), None)


@dataclass(frozen=True)
class Table:
    """An indicator with its variables: what it is broken down by stands between place and time."""

    document: Mapping[str, Any]
    cube: Cube
    variables: tuple[Variable, ...]

    @property
    def id(self) -> str:
        slug: str = self.document["slug"]
        return slug

    def variable(self, code: str) -> Variable | None:
        """By its code, in capitals or not."""
        named = {variable.code.lower(): variable for variable in self.variables}
        return named.get(code.lower())

    def known(self, code: str) -> Variable:
        return next(variable for variable in self.variables if variable.code == code)

    def of(self, codes: Mapping[str, Sequence[str]]) -> "Table":
        """The same with some of the values of some dimensions only."""
        return table(self.document, self.cube.chosen(codes))


def table(document: Mapping[str, Any], cube: Cube) -> Table:
    """The table of an indicator, whose cube may be an outline."""
    contents, region, time, *others = cube.dimensions
    labels: set[str] = set()
    variables = tuple(
        Variable(
            dimension,
            _distinct(dimension, labels),
            _codelists(document, region) if dimension is region else (),
        )
        for dimension in (region, *others, contents, time)
    )
    return Table(document, cube, variables)


def _distinct(dimension: Dimension, used: set[str]) -> str:
    """Clients make columns of labels: none may come twice, or be that of the values."""
    label = dimension.label
    if label in used or label == "value":
        label = f"{label} ({dimension.id})"
    used.add(label)
    return label


def _codelists(document: Mapping[str, Any], region: Dimension) -> tuple[Codelist, ...]:
    areas = [area for area in region.categories if isinstance(area, Area)]
    return tuple(
        Codelist(
            codelist_id(level["code"], document["slug"]),
            level["label"],
            tuple(area.code for area in areas if area.level == level["code"]),
        )
        for level in document["levels"]
    )


def codelist_id(level: str, table: str) -> str:
    """PxWeb knows by the beginning that it is a set of values, not a grouping."""
    return f"{VALUESET}{level}_{table}"


# --- what is asked for ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of one variable. `place`: where in the request, for problems."""

    variable: str
    expressions: Sequence[str]
    codelist: str | None
    place: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The codes of every dimension, and which of the variables were left out."""

    codes: Mapping[str, Sequence[str]]
    eliminated: frozenset[str] = frozenset()

    @property
    def cells(self) -> int:
        return prod(len(codes) for codes in self.codes.values())


def selected(table: Table, asked: Sequence[Asked], place: Mapping[str, str]) -> Chosen:
    """What a request for data chooses; without any wish, what is worth seeing first.

    `place` is where a variable would be that is missing.
    """
    if not asked:
        return default(table)
    found = _completed(table, wished(table, asked), place)
    if found.cells > MAX_DATA_CELLS:
        raise Forbidden(
            f"That would be {found.cells:,} cells, of {MAX_DATA_CELLS:,} at most; ask for fewer "
            "values at a time."
        )
    return found


def wished(table: Table, asked: Sequence[Asked]) -> dict[str, list[str]]:
    """The codes of each dimension that is asked for."""
    found: dict[str, list[str]] = {}
    for wish in asked:
        variable = table.variable(wish.variable)
        if variable is None:
            known = ", ".join(each.code for each in table.variables)
            raise refused(wish.place, f"there is no variable {wish.variable}, but {known}")
        if variable.dimension.id in found:
            raise refused(wish.place, f"{variable.code} is asked for twice")
        found[variable.dimension.id] = _chosen(variable, wish)
    return found


def _chosen(variable: Variable, wish: Asked) -> list[str]:
    codes: Sequence[str] = variable.codes
    if wish.codelist:
        found = variable.codelist(wish.codelist)
        if found is None:
            known = ", ".join(each.id for each in variable.codelists) or "none"
            detail = f"{variable.code} has no codelist {wish.codelist}; it has {known}"
            raise refused(wish.place, detail)
        codes = found.codes
    try:
        return chosen(wish.expressions, codes, is_time=variable.is_time)
    except NoSelection as problem:
        raise refused(wish.place, f"{variable.code}: {problem}") from None


def _completed(
    table: Table, wishes: Mapping[str, Sequence[str]], place: Mapping[str, str]
) -> Chosen:
    """With the totals of what was left out, if there are any."""
    codes: dict[str, Sequence[str]] = {}
    eliminated = set()
    for variable in table.variables:
        codes[variable.dimension.id] = wishes.get(variable.dimension.id, ())
        if codes[variable.dimension.id]:
            continue
        if variable.elimination is None:
            raise refused(place, f"{variable.code} has no total: say which of its values you want")
        codes[variable.dimension.id] = [variable.elimination]
        eliminated.add(variable.code)
    return Chosen(codes, frozenset(eliminated))


def default(table: Table) -> Chosen:
    """All districts in the latest periods, in total where there is one; less if it is too much."""
    codes: dict[str, Sequence[str]] = {}
    eliminated = set()
    for variable in table.variables:
        codes[variable.dimension.id] = variable.codes
        if variable.is_time:
            codes[variable.dimension.id] = variable.codes[-LATEST:]
        elif variable.elimination is not None:
            codes[variable.dimension.id] = [variable.elimination]
            eliminated.add(variable.code)
    for variable in sorted(table.variables, key=lambda each: not each.is_time):
        _shorten(codes, variable)
    return Chosen(codes, frozenset(eliminated))


def _shorten(codes: dict[str, Sequence[str]], variable: Variable) -> None:
    """Fewer of a variable's values, if there are too many cells: of periods the latest stay."""
    here = codes[variable.dimension.id]
    cells = prod(len(each) for each in codes.values())
    if cells > MAX_DATA_CELLS:
        most = max(1, MAX_DATA_CELLS // (cells // len(here)))
        codes[variable.dimension.id] = here[-most:] if variable.is_time else here[:most]


def refused(place: Mapping[str, str], detail: str) -> InvalidParameter:
    where = place.get("parameter") or place.get("pointer")
    return InvalidParameter(f"{where}: {detail}", errors=[{**place, "detail": detail}])


# --- how it is laid out --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placement:
    """Which variables stand before the lines of a table (`stub`), and which above its columns."""

    stub: tuple[str, ...]
    heading: tuple[str, ...]


def placed(
    table: Table, stub: Sequence[str], heading: Sequence[str], *, in_body: bool = False
) -> Placement:
    """As asked for. What nobody placed goes where nothing was asked for, else into the stub."""
    if not stub and not heading:
        heading = [each.code for each in table.variables if each.is_contents or each.is_time]
    before = _named(table, "stub", stub, in_body=in_body)
    above = _named(table, "heading", heading, in_body=in_body)
    if twice := {*before} & {*above}:
        raise refused(_place("heading", in_body=in_body), f"{min(twice)} is in the stub already")
    rest = [each.code for each in table.variables if each.code not in {*before, *above}]
    return (
        Placement((*before,), (*above, *rest))
        if not above
        else Placement((*before, *rest), (*above,))
    )


def _named(table: Table, name: str, codes: Sequence[str], *, in_body: bool) -> list[str]:
    found = []
    for code in codes:
        variable = table.variable(code)
        if variable is None or variable.code in found:
            wrong = "comes twice" if variable else "is not a variable of this table"
            raise refused(_place(name, in_body=in_body), f"{code} {wrong}")
        found.append(variable.code)
    return found


def _place(name: str, *, in_body: bool) -> dict[str, str]:
    return {"pointer": f"/placement/{name}"} if in_body else {"parameter": name}
