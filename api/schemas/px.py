"""What /px answers, as PxWebApi 2 prescribes it: its main members."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class PxDocument(BaseModel):
    """The specification has more members than are named here."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel)


class PxLink(PxDocument):
    rel: str
    hreflang: str
    href: str


class PxLanguage(PxDocument):
    id: str
    label: str


class PxSourceReference(PxDocument):
    language: str
    text: str


class PxConfig(PxDocument):
    """What there is, and how much of it may be asked for."""

    api_version: Literal["2.0.0"] = Field(description="The version of PxWebApi.")
    app_version: str
    languages: list[PxLanguage]
    default_language: str
    max_data_cells: int = Field(ge=0, description="Cells that one request may ask for.")
    max_calls_per_time_window: int = Field(ge=1)
    time_window: int = Field(ge=1, description="Seconds.")
    license: str
    source_references: list[PxSourceReference]
    default_data_format: str
    data_formats: list[str]


class PxPathElement(PxDocument):
    id: str
    label: str


class PxTableEntry(PxDocument):
    """What a list says of a table."""

    id: str
    label: str
    description: str
    updated: datetime
    first_period: str
    last_period: str
    category: Literal["public"]
    variable_names: list[str]
    discontinued: bool | None = Field(description="Not known.")
    source: str
    subject_code: str
    time_unit: Literal["Annual", "Quarterly", "Monthly", "Other"]
    paths: list[list[PxPathElement]] = Field(description="Its themes.")
    links: list[PxLink]


class PxTable(PxTableEntry):
    """One table."""

    language: str


class PxPage(PxDocument):
    page_number: int = Field(ge=1)
    page_size: int = Field(ge=1)
    total_elements: int = Field(ge=0)
    total_pages: int = Field(ge=1)
    links: list[PxLink]


class PxTables(PxDocument):
    """A page of the list of tables."""

    language: str
    tables: list[PxTableEntry]
    page: PxPage
    links: list[PxLink]


class PxDataset(PxDocument):
    """A dataset in JSON-stat 2.0. `value` is empty in metadata."""

    version: Literal["2.0"]
    class_: Literal["dataset"] = Field(alias="class")
    href: str
    label: str
    source: str
    updated: datetime
    note: list[str]
    role: dict[str, list[str]]
    id: list[str]
    size: list[int]
    dimension: dict[str, dict[str, Any]]
    extension: dict[str, Any]
    value: list[float | None]
    status: dict[str, str] = Field({}, description="Why a value is null, as a statistical sign.")


class PxVariableSelection(PxDocument):
    variable_code: str
    value_codes: list[str]


class PxPlacement(PxDocument):
    heading: list[str]
    stub: list[str]


class PxSelection(PxDocument):
    """Which values are chosen where nobody says which."""

    language: str
    selection: list[PxVariableSelection]
    placement: PxPlacement
    links: list[PxLink]


class PxValue(PxDocument):
    code: str
    label: str
    value_map: list[str]


class PxCodelist(PxDocument):
    """Some of the values of a variable."""

    id: str
    label: str
    language: str
    languages: list[str]
    elimination: bool
    type: Literal["Valueset"]
    values: list[PxValue]
    links: list[PxLink]
