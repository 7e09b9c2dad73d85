"""What belongs to an entity and is shown on its page: one function a resource."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from api import parameters as p
from api.pages import charts
from api.pages.reading import Document, Found, Reading
from api.resources import DISTRICTS, MEASURES, OBSERVATIONS, OFFERINGS, Resource
from api.series import ObservationParameters

FEW, MANY = 5, 50
SERIES = 500  # observations on the page of an indicator

Related = dict[str, Any]
Relate = Callable[[Reading, Document], Awaitable[Related]]


async def of(reading: Reading, resource: Resource, document: Document) -> Related:
    """What the template of the resource expects besides the entity."""
    relate = RELATED.get(resource.name)
    return await relate(reading, document) if relate else {}


async def totals(reading: Reading) -> dict[str, int]:
    """How many entities there are of what people look for."""
    shown = (OFFERINGS, DISTRICTS, MEASURES, OBSERVATIONS)
    found = await asyncio.gather(
        *(reading.some(resource, resource.list_parameters(), 1) for resource in shown)
    )
    return {resource.name: each.total for resource, each in zip(shown, found, strict=True)}


async def _offering(reading: Reading, document: Document) -> Related:
    """Others of the same provider."""
    if document["organisation"] is None:
        return {"others": Found([], 0)}
    asked = p.OfferingParameters(organisation=[document["organisation"]["id"]])
    found = await reading.some(OFFERINGS, asked, FEW + 1)
    others = [other for other in found.documents if other["id"] != document["id"]]
    return {"others": Found(others[:FEW], found.total)}


async def _organisation(reading: Reading, document: Document) -> Related:
    asked = p.OfferingParameters(organisation=[document["id"]])
    return {"offerings": await reading.some(OFFERINGS, asked, MANY)}


async def _district(reading: Reading, document: Document) -> Related:
    here = [document["id"]]
    offerings = p.OfferingParameters(district=here)
    some, categories, children, measures, values = await asyncio.gather(
        reading.some(OFFERINGS, offerings, FEW),
        reading.facet(OFFERINGS, offerings, "category"),
        reading.some(DISTRICTS, p.DistrictParameters(parent=here), MANY),
        reading.some(MEASURES, p.MeasureParameters(district=here), MANY),
        _compared(reading, document),
    )
    return {
        "offerings": some,
        "categories": categories,
        "children": children,
        "measures": measures,
        "values": values,
    }


async def _compared(reading: Reading, document: Document) -> list[Related]:
    """The latest values of a district, each beside that of the district above it."""
    own = await _latest(reading, document["id"])
    above = await _latest(reading, document["parent"]["id"]) if document["parent"] else {}
    made = await reading.differing(list(own.values()))
    return [
        {"own": value, "above": above.get(key), "made": made.get(value["id"])}
        for key, value in own.items()
    ]


async def _latest(reading: Reading, district: str) -> Mapping[tuple[Any, ...], Document]:
    asked = ObservationParameters(district=[district], time="latest")
    found = await reading.some(OBSERVATIONS, asked, SERIES, counted=False)
    return {
        (each["indicator"]["id"], each["period"]["edtf"], str(each["breakdowns"])): each
        for each in found.documents
    }


async def _indicator(reading: Reading, document: Document) -> Related:
    asked = ObservationParameters(indicator=[document["id"]])
    found = await reading.some(OBSERVATIONS, asked, SERIES)
    return {
        "observations": found,
        "made": await reading.differing(found.documents),
        "chart": charts.chart(found.documents),
    }


async def _strategy(reading: Reading, document: Document) -> Related:
    asked = p.MeasureParameters(strategy=[document["id"]])
    found, states = await asyncio.gather(
        reading.some(MEASURES, asked, MANY), reading.facet(MEASURES, asked, "implementation")
    )
    return {"measures": found, "states": states}


RELATED: dict[str, Relate] = {
    "offerings": _offering,
    "organisations": _organisation,
    "districts": _district,
    "indicators": _indicator,
    "strategies": _strategy,
}
