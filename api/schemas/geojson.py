"""GeoJSON (RFC 7946): the same members as JSON, as properties of a Feature."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import Document, Source
from api.schemas.page import (
    CITATION,
    REASON,
    SENTENCE,
    SOURCES,
    FacetValue,
    LeftOut,
    Link,
    Reason,
    Sentence,
)

Position = Annotated[list[float], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Position], Field(min_length=4)]


class Point(Document):
    """EPSG:4326, longitude first, six decimals."""

    type: Literal["Point"]
    coordinates: Position


class MultiPoint(Document):
    """The sites of an offering that has several."""

    type: Literal["MultiPoint"]
    coordinates: list[Position]


class Polygon(Document):
    """The outer ring runs counter-clockwise."""

    type: Literal["Polygon"]
    coordinates: list[Ring]


class MultiPolygon(Document):
    """An area in several parts."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Ring]]


Geometry = Annotated[Point | MultiPoint | Polygon | MultiPolygon, Field(discriminator="type")]


class Feature(Document):
    """A GeoJSON Feature."""

    type: Literal["Feature"]
    id: UUID
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)] | None = Field(
        None, description="West, south, east, north; of everything larger than a point."
    )
    geometry: Geometry | None = Field(description="Null: no place is known.")
    properties: Any


class FeatureCollection(Document):
    """A page of GeoJSON Features. `next` among the links leads on; the last page has none."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
    numberMatched: int | None = Field(  # noqa: N815 - as OGC API Features calls it (OGC API - Features, /rec/core/fc-numberMatched)
        None, description="How many match altogether; absent with `count=none`."
    )
    count: Literal["timeout"] | None = Field(
        None,
        description="Only if the total, or what is left out, is missing because counting took too "
        "long.",
    )
    numberReturned: int  # noqa: N815 - as OGC API Features calls it
    sequence: int = Field(description="Number of the publication this page shows.")
    timeStamp: datetime = Field(description="When that publication was.")  # noqa: N815 - as OGC API Features calls it
    attribution: list[str]
    license: str | None = Field(
        description="The licence all entries share; null where they differ, see each `source`."
    )
    facets: dict[str, list[FacetValue]] | None = None
    left_out: list[LeftOut] | None = None
    sentence: Sentence | None = Field(None, description=SENTENCE)
    sources: list[Source] | None = Field(None, description=SOURCES)
    citation: str | None = Field(None, description=CITATION)
    reason: Reason | None = Field(None, description=REASON)
    links: list[Link]
