"""GeoJSON (RFC 7946): the same members as JSON, as properties of a Feature."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.common import FacetValue, LeftOut, Link


class Geometry(BaseModel):
    """EPSG:4326, longitude first, right-handed, six decimals."""

    type: Literal["Point", "MultiPoint", "Polygon", "MultiPolygon"]
    coordinates: list[Any]


class Feature(BaseModel):
    type: Literal["Feature"]
    id: UUID
    bbox: list[float] | None = Field(None, description="Of everything larger than a point.")
    geometry: Geometry | None
    properties: Any


class FeatureCollection(BaseModel):
    type: Literal["FeatureCollection"]
    features: list[Feature]
    numberMatched: int | None = Field(  # noqa: N815 (OGC API - Features, /rec/core/fc-numberMatched)
        None, description="How many match altogether; absent with `count=none`."
    )
    numberReturned: int  # noqa: N815
    sequence: int = Field(description="Number of the publication this page shows.")
    timeStamp: datetime = Field(description="When that publication was.")  # noqa: N815
    attribution: list[str]
    license: str | None
    facets: dict[str, list[FacetValue]] | None = None
    left_out: list[LeftOut] | None = None
    links: list[Link]
