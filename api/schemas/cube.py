"""Observations as JSON-stat 2.0 (https://json-stat.org/full/)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schemas.document import Document, Source
from api.schemas.page import Reason, Sentence

Codes = list[str]
Place = Annotated[int, Field(ge=0)]


class JsonStatUnit(Document):
    """How values of an indicator are written."""

    label: str
    symbol: str
    position: Literal["end"]
    decimals: int


class JsonStatCategory(Document):
    """What is on an axis, by code. The optional members are there where they say something."""

    index: dict[str, Place] = Field(description="Where each category is, counted from 0.")
    label: dict[str, str]
    child: dict[str, Codes] = Field({}, description="The parts of a category that are here, too.")
    unit: dict[str, JsonStatUnit] = Field({}, description="Of indicators.")
    note: dict[str, list[str]] = Field({})


class JsonStatDimension(Document):
    label: str
    category: JsonStatCategory


class JsonStatRole(Document):
    time: Codes
    geo: Codes
    metric: Codes


class JsonStatLink(Document):
    type: str
    href: str


class JsonStatLabels(Document):
    label: dict[str, str]


class JsonStatExtension(Document):
    """What JSON-stat has no place for."""

    reason: Reason | None = Field(description="Why there is no value to see; else null.")
    sentence: Sentence
    sources: list[Source]
    attribution: list[str]
    license: str | None = Field(description="Null where sources differ.")
    citation: str
    sequence: int = Field(description="Number of the publication this shows.")
    lang: str
    status: JsonStatLabels = Field(description="What the codes in `status` mean.")
    scenario: dict[str, str] = Field({}, description="Of forecasts, by position.")


class JsonStatDataset(Document):
    """Observations by `indicator`, `district`, `time`, then what they are broken down by."""

    version: Literal["2.0"]
    class_: Literal["dataset"] = Field(alias="class")
    href: str
    label: str
    source: str
    updated: datetime
    note: list[str] = Field([])
    id: Codes = Field(description="The dimensions, in order; the last one runs fastest.")
    size: list[Place]
    role: JsonStatRole
    dimension: dict[str, JsonStatDimension]
    value: list[float | None] = Field(
        description="A value a position; null where it is hidden or there is none."
    )
    status: dict[str, str] = Field(
        {}, description="By position: the flags of a cell, unless it is just `final`."
    )
    link: dict[str, list[JsonStatLink]]
    extension: JsonStatExtension
