"""What parameters of several resources have in common, to be put together by inheritance.

`conditions()` lists the SQL conditions of a request, `references()` the names it uses that must
exist. A parameter that stands alone in the query means AND, one that is repeated means OR.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.formats import FORMATS
from api.types import (
    MAX_LIMIT,
    Ids,
    Language,
    Limit,
    Moment,
    Names,
    Text,
)
from db import conditions as c
from db import published
from db.conditions import Builder, Condition, where
from db.statements import Order


def given(builder: Builder, columns: str | tuple[str, ...], value: object) -> list[Condition]:
    """The condition, if the parameter was given."""
    return [] if value is None else [where(builder, columns, value)]


class Reference(NamedTuple):
    """A name that a request uses and that must exist."""

    parameter: str
    resource: str
    name: str


class Limits(BaseModel):
    """What the operator allows; see docs/reference/settings.md."""

    max_radius: float = 100_000.0
    max_vertices: int = 5_000


def _is_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"is none of {', '.join(FORMATS)}")
    return name


FormatName = Annotated[str, AfterValidator(_is_format)]


class ItemParameters(BaseModel):
    """What every address of the native API understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: FormatName | None = Field(
        None, description="Format of the answer; a suffix (`.geojson`) or `Accept` does the same."
    )
    lang: Language | None = Field(
        None,
        description="Language of texts and labels: one that is published, such as `en`. A text "
        "that is not available in it comes in its own language, and `fallback` says so. Without "
        "it, `Accept-Language` decides.",
        json_schema_extra={"format": "language"},
    )
    fields: Names | None = Field(
        None,
        description="Only these members of each entity, separated by commas; `id` always comes.",
    )

    resource: ClassVar[str]


class ListParameters(ItemParameters):
    """What every list understands."""

    id: Ids | None = Field(None, description="Ids or slugs; repeat it for several.")
    sort: str | None = Field(None, description="What to sort by; a minus in front reverses it.")
    limit: Limit | None = Field(
        None,
        description=f"Entities on a page, 1 to {MAX_LIMIT}; 100 if not given (in HTML 20, and at "
        "most 200; in Atom 50 and 1000). `all` streams the whole filtered set; CSV and NDJSON do "
        "so unless it is given.",
    )
    cursor: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,4000}$")] | None = Field(
        None,
        description="Where the page before ended: take it from its `next` link.",
        json_schema_extra={"format": "cursor"},
    )
    count: Literal["none"] | None = Field(
        None, description="`none` leaves out the total, which makes large answers faster."
    )
    facets: Names | None = Field(
        None,
        description="Count the filtered set by these, separated by commas. A facet ignores its "
        "own filter.",
    )
    updated_since: Moment | None = Field(
        None,
        description="Only entities whose published state changed at or after this time.",
    )

    default_sort: ClassVar[str] = "name"

    @model_validator(mode="after")
    def _facets_exist(self) -> Self:
        known = published.FACETS[self.resource]
        unknown = [name for name in self.facets or () if name not in known]
        if unknown:
            choice = ", ".join(known) or "(there are none here)"
            raise ValueError(f"facets: {unknown[0]} is none of {choice}")
        return self

    def order(self) -> Order:
        name = self.sort or self.natural_sort()
        return Order(name.removeprefix("-"), name.startswith("-"))

    def natural_sort(self) -> str:
        """Best match first where a text is searched, else by name."""
        return "-relevance" if getattr(self, "q", None) else self.default_sort

    def conditions(self) -> list[Condition]:
        return [
            *([] if self.id is None else [c.called(self.id)]),
            *given(c.at_least, "updated_at", self.updated_since),
        ]

    def possible(self) -> list[Condition] | None:
        """The same filter, taking in what its places cannot decide about; None without places."""
        return None

    @property
    def opening(self) -> datetime | Literal["now"] | None:
        """When it must be open; None where that is not asked for."""
        return None

    def references(self) -> list[Reference]:
        return []

    def check(self, limits: Limits) -> None:
        """Refuse what the operator does not allow."""


def named(
    parameter: str, values: Iterable[str] | None, resource: str | None = None
) -> list[Reference]:
    """Names a parameter uses, of the resource or codelist it is called after or of another."""
    return [Reference(parameter, resource or parameter, value) for value in values or ()]


class Search(ListParameters):
    q: Text | None = Field(
        None,
        description="Words to find, in German stems, with umlauts or without, and with typing "
        "errors forgiven. The best match comes first.",
    )

    def conditions(self) -> list[Condition]:
        return [*super().conditions(), *given(c.matches_text, (), self.q)]

    @model_validator(mode="after")
    def _relevance_needs_words(self) -> Self:
        if self.sort and self.sort.removeprefix("-") == "relevance" and not self.q:
            raise ValueError("sort: relevance needs q, the words to find")
        return self


class Themes(ListParameters):
    theme: Ids | None = Field(
        None, description="Codes of themes, narrower ones included; see `/v1/codelists/theme`."
    )

    def conditions(self) -> list[Condition]:
        return [*super().conditions(), *given(c.any_of, "theme", self.theme)]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("theme", self.theme)]


class TargetGroups(ListParameters):
    target_group: Ids | None = Field(
        None,
        description="Codes of target groups, narrower ones included; see "
        "`/v1/codelists/target_group`.",
    )

    def conditions(self) -> list[Condition]:
        return [*super().conditions(), *given(c.any_of, "target_group", self.target_group)]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("target_group", self.target_group)]


class InDistrict(ListParameters):
    district: Ids | None = Field(
        None,
        description="Districts by id, slug, `scheme:key` (`ags:14522180`) or a key that is unique; "
        "everything below them is included.",
    )

    def conditions(self) -> list[Condition]:
        return [*super().conditions(), *c.within_districts(self.district)]

    def references(self) -> list[Reference]:
        return [*super().references(), *named("district", self.district)]


Tolerance = Literal["0", "50", "200", "1000"]


class Simplified(ItemParameters):
    simplify: Tolerance = Field(
        "0",
        description="Simplify boundaries in GeoJSON by so many metres; shared borders stay shared.",
    )

    def geometry(self) -> str:
        """The column that holds the shape asked for."""
        return "geojson" if self.simplify == "0" else f"geojson_{self.simplify}"


Sort = Literal["name", "-name", "updated_at", "-updated_at", "-relevance"]


SORT = Field(None, description="What to sort by; a minus in front reverses it.")
