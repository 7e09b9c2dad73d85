"""What both questions have in common: what is to be read again, and what is said of districts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from api.analyses.reading import Area
from api.formats import Format
from api.gaps.distances import Residents
from api.gaps.parameters import GapParameters
from db.pool import Pool

P_co = TypeVar("P_co", bound=GapParameters, covariant=True)


@dataclass(frozen=True, slots=True)
class Asked(Generic[P_co]):
    """A question understood, in a language and format."""

    pool: Pool
    residents: Residents
    lang: str
    format: Format
    parameters: P_co

    @property
    def geometry(self) -> str | None:
        """The column with the boundaries, if they are wanted."""
        return self.parameters.geometry if self.format.name == "geojson" else None


def of_district(area: Area) -> dict[str, Any]:
    return {**area.reference, "boundary_quality": area.document["boundary_quality"]}


def distinct(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each source once, in their order."""
    found = {tuple(source.values()): dict(source) for source in sources}
    return list(found.values())


def chosen(parameters: GapParameters) -> dict[str, Any]:
    """The offerings that were asked for, as the answer repeats it."""
    names = ("category", "target_group", "theme")
    return {name: list(getattr(parameters, name) or ()) for name in names}
