"""A table in JSON-stat 2.0 as PxWebApi 2 writes it: its metadata, or chosen cells with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.cube import jsonstat, told
from api.cube.model import Cube
from api.px.links import Links
from api.px.listing import dated
from api.px.tables import Chosen, Codelist, Placement, Table, Variable
from db.flags import sign

SHOWN = {True: "value", False: "code_value"}
"""How a client labels values, by whether their labels tell them apart."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Chosen cells in the order of a placement: what is before each line and above each column,
    and the place in the cube that each cell of the lines has."""

    cube: Cube
    stub: tuple[Variable, ...]
    heading: tuple[Variable, ...]
    order: Sequence[int]

    @property
    def variables(self) -> tuple[Variable, ...]:
        return (*self.stub, *self.heading)

    def values(self) -> list[float | None]:
        dense = self.cube.dense()
        return [dense[place] for place in self.order]

    def signs(self) -> dict[int, str]:
        """The sign in place of each value that is not there, or the marks beside one that is."""
        marks, cells = self.cube.marks, self.cube.cells
        found = (
            (n, sign(marks[place].flags, cells[place]))
            for n, place in enumerate(self.order)
            if place in marks
        )
        return {n: text for n, text in found if text}


def laid_out(table: Table, chosen: Chosen, placement: Placement) -> Layout:
    """What was eliminated is one value thick, and disappears; what the numbers are does not."""
    cube = table.cube.chosen(chosen.codes)
    thin = {dimension.id: dimension for dimension in cube.dimensions}
    shown = [
        [
            Variable(thin[variable.dimension.id], variable.label, variable.codelists)
            for variable in map(table.known, codes)
            if variable.is_contents or variable.code not in chosen.eliminated
        ]
        for codes in (placement.stub, placement.heading)
    ]
    stub, heading = map(tuple, shown)
    return Layout(cube, stub, heading, _order(cube, (*stub, *heading)))


def _order(cube: Cube, variables: Sequence[Variable]) -> list[int]:
    """Places in the cube, the last of the variables running fastest."""
    steps = dict(zip((each.id for each in cube.dimensions), cube.strides, strict=True))
    places = [0]
    for variable in variables:
        step = steps[variable.dimension.id]
        size = len(variable.dimension.categories)
        places = [place + n * step for place in places for n in range(size)]
    return places


def metadata(table: Table, links: Links, placement: Placement) -> dict[str, Any]:
    """Everything about a table but its numbers."""
    variables = [table.known(code) for code in (*placement.stub, *placement.heading)]
    return _dataset(table, table.cube, variables, links, placement) | {"value": []}


def data(table: Table, layout: Layout, links: Links) -> dict[str, Any]:
    """The chosen cells, with what is known of them."""
    placement = Placement(
        tuple(each.code for each in layout.stub), tuple(each.code for each in layout.heading)
    )
    dataset = _dataset(table, layout.cube, layout.variables, links, placement)
    dataset["extension"] |= {
        "sentence": told.spoken(layout.cube),
        "reason": told.reason(layout.cube),
    }
    dataset["value"] = layout.values()
    if signs := layout.signs():
        dataset["status"] = {str(place): text for place, text in signs.items()}
    return dataset


def _dataset(
    table: Table,
    cube: Cube,
    variables: Sequence[Variable],
    links: Links,
    placement: Placement,
) -> dict[str, Any]:
    notes = _notes(table, cube)
    return {
        "version": "2.0",
        "class": "dataset",
        "href": links.data(table.id)["href"],
        "label": table.document["title"],
        "source": "; ".join(publishers(cube) or [table.document["source"]["publisher"]]),
        "updated": cube.updated,
        "link": {"alternate": [links.native(table.id)]},
        "note": notes,
        "role": {
            variable.dimension.role: [variable.code]
            for variable in variables
            if variable.dimension.role
        },
        "id": [variable.code for variable in variables],
        "size": [len(variable.dimension.categories) for variable in variables],
        "dimension": {variable.code: _dimension(variable, links) for variable in variables},
        "extension": _extension(table, cube, placement)
        | {"noteMandatory": {str(place): True for place in range(len(notes))}},
    }


def _notes(table: Table, cube: Cube) -> list[str]:
    """Whose data it is, and what has to be known to read it."""
    named = told.attribution(cube) or [table.document["source"]["attribution"]]
    license_ = told.license_of(cube) or table.document["source"]["license"]
    return [*(f"{name} ({license_})" for name in named), *told.notes(cube)]


def publishers(cube: Cube) -> list[str]:
    return list(dict.fromkeys(source["publisher"] for source in cube.sources))


def _dimension(variable: Variable, links: Links) -> dict[str, Any]:
    category = jsonstat.category(variable.dimension.categories)
    for unit in category.get("unit", {}).values():
        unit["base"] = unit["label"]  # as the specification calls it
    return {
        "label": variable.label,
        "category": category,
        "extension": _dimension_extension(variable, links),
    }


def _dimension_extension(variable: Variable, links: Links) -> dict[str, Any]:
    labels = [category.label for category in variable.dimension.categories]
    found: dict[str, Any] = {
        "elimination": variable.elimination is not None,
        "show": SHOWN[len({*labels}) == len(labels)],
    }
    if variable.elimination is not None:
        found["eliminationValueCode"] = variable.elimination
    if variable.codelists:
        described = [_described(codelist, links) for codelist in variable.codelists]
        # The first name is that of the specification, the second that of servers before it, which
        # clients still look for.
        found |= {"codelists": described, "codeLists": described}
    return found


def _described(codelist: Codelist, links: Links) -> dict[str, Any]:
    return {
        "id": codelist.id,
        "label": codelist.label,
        "type": "Valueset",
        "links": [links.codelist("metadata", codelist.id)],
    }


def _extension(table: Table, cube: Cube, placement: Placement) -> dict[str, Any]:
    document = table.document
    periods = dated([category.code for category in cube.of("time").categories])
    publisher = document["source"]["publisher"]
    return {
        "px": {
            "tableid": table.id,
            "matrix": table.id,
            "decimals": document["decimals"],
            "language": cube.lang,
            "contents": document["title"],
            "heading": list(placement.heading),
            "stub": list(placement.stub),
            "aggregallowed": document["aggregation"]["code"] == "sum",
            **_subject(document),
        },
        "firstPeriod": periods[0],
        "lastPeriod": periods[-1],
        "contact": [{"organization": publisher, "raw": publisher}],
        "license": told.license_of(cube) or document["source"]["license"],
        "citation": told.citation(cube),
        "sequence": cube.state.sequence,
    }


def _subject(document: Mapping[str, Any]) -> dict[str, str]:
    if not document["themes"]:
        return {}
    theme = document["themes"][0]
    return {"subject-code": theme["code"], "subject-area": theme["label"]}


# --- codelists and selections --------------------------------------------------------------------


def codelist(
    region: Variable, found: Codelist, languages: Sequence[str], links: Links
) -> dict[str, Any]:
    """A codelist of a table, with the values of it that are there."""
    labels = {category.code: category.label for category in region.dimension.categories}
    return {
        "id": found.id,
        "label": found.label,
        "language": links.lang,
        "languages": list(languages),
        "elimination": False,
        "type": "Valueset",
        "values": [
            {"code": code, "label": labels[code], "valueMap": [code]} for code in found.codes
        ],
        "links": [links.codelist("self", found.id)],
    }


def selection(table: Table, chosen: Chosen, links: Links, placement: Placement) -> dict[str, Any]:
    """What is chosen, as a body that asks for it has it."""
    return {
        "language": links.lang,
        "selection": [
            {
                "variableCode": variable.code,
                "valueCodes": []
                if variable.code in chosen.eliminated
                else list(chosen.codes[variable.dimension.id]),
            }
            for variable in table.variables
        ],
        "placement": {"heading": list(placement.heading), "stub": list(placement.stub)},
        "links": [links.default_selection(table.id), links.data(table.id)],
    }
