"""What a request chooses, whether its address says so or its body."""

from collections.abc import Mapping
from typing import NamedTuple

from api.px.parameters import DataParameters, VariablePlacement, VariablesSelection
from api.px.selection import NoSelection, split
from api.px.tables import Asked, Chosen, Placement, Table, placed, refused, selected


class Choice(NamedTuple):
    """Which values of a table, and where they stand."""

    chosen: Chosen
    placement: Placement


def in_query(parameters: DataParameters, table: Table) -> Choice:
    placement = placed(table, parameters.stub or (), parameters.heading or ())
    asked = _asked(parameters.value_codes or {}, parameters.codelist or {})
    return Choice(selected(table, asked, {"parameter": "valueCodes"}), placement)


def _asked(values: Mapping[str, str], codelists: Mapping[str, str]) -> list[Asked]:
    """Of a codelist without values all are meant. Capitals of variables do not matter."""
    lists = {variable.lower(): codelist for variable, codelist in codelists.items()}
    asked = []
    for variable, text in values.items():
        place = {"parameter": f"valueCodes[{variable}]"}
        try:
            expressions = split(text)
        except NoSelection as problem:
            raise refused(place, str(problem)) from None
        asked.append(Asked(variable, expressions, lists.get(variable.lower()), place))
    named = {variable.lower() for variable in values}
    return asked + of_codelists(
        {name: codelist for name, codelist in codelists.items() if name.lower() not in named}
    )


def of_codelists(codelists: Mapping[str, str]) -> list[Asked]:
    """All values of each."""
    return [
        Asked(variable, ("*",), codelist, {"parameter": f"codelist[{variable}]"})
        for variable, codelist in codelists.items()
    ]


def in_body(body: VariablesSelection, table: Table) -> Choice:
    layout = body.placement or VariablePlacement()
    asked = [
        Asked(
            wish.variable_code, wish.value_codes, wish.codelist, {"pointer": f"/selection/{place}"}
        )
        for place, wish in enumerate(body.selection)
    ]
    placement = placed(table, layout.stub, layout.heading, in_body=True)
    return Choice(selected(table, asked, {"pointer": "/selection"}), placement)
