"""What /px can be asked, in the words of PxWebApi 2. Their capitals do not matter."""

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from api.types import WHOLE, Boolean, Language, Names, Text

Written = Annotated[str, StringConstraints(min_length=1, max_length=8_000)]


def _by_variable(**schema: object) -> WithJsonSchema:
    """An object, of which each member is a parameter: `name[Variable]=value`."""
    return WithJsonSchema(
        {"type": "object", "additionalProperties": {"type": "string", "minLength": 1, **schema}}
    )


Codelists = Annotated[dict[Text, Text], _by_variable()]
FormatName = Literal["json-stat2", "csv", "xlsx", "px"]
Aggregated = Literal["single", "aggregated"]
PAGE_SIZE = 100
MOST = 10_000


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class PxParameters(BaseModel):
    """What every address understands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Language | None = Field(
        None,
        description="Language of texts and labels: one of those in `/px/config`.",
        json_schema_extra={"format": "language"},
    )


class ConfigParameters(BaseModel):
    """What the first version of the API knows beside its paths."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    config: str | None = Field(None, description="How much may be asked for, whatever it says.")

    @property
    def is_asked(self) -> bool:
        return self.config is not None


class TablesParameters(PxParameters):
    """Which tables are wanted."""

    query: Text | None = Field(
        None,
        description="Words to find in titles, descriptions and themes; the best match comes first.",
    )
    past_days: Annotated[int, Field(ge=1, le=36_500), WHOLE] | None = Field(
        None, alias="pastDays", description="Only what was changed in so many days."
    )
    include_discontinued: Boolean | None = Field(
        None,
        alias="includeDiscontinued",
        description="Changes nothing: what is published is in the list.",
    )
    page_number: Annotated[int, Field(ge=1, le=999_999), WHOLE] = Field(
        1, alias="pageNumber", description="Which page, counted from 1."
    )
    page_size: Annotated[int, Field(ge=0, le=MOST), WHOLE] | None = Field(
        None,
        alias="pageSize",
        description=f"Tables on a page, {MOST} at most; {PAGE_SIZE} if it is 0 or not given.",
    )

    @property
    def length(self) -> int:
        return self.page_size or PAGE_SIZE


class MetadataParameters(PxParameters):
    """Of which values metadata is wanted."""

    default_selection: Boolean | None = Field(
        None,
        alias="defaultSelection",
        description="`true`: only of what data comes without a wish.",
    )
    codelist: Codelists | None = Field(
        None,
        description="`codelist[Region]=vs_municipality_population`: only the values of a codelist.",
    )


class FormatParameters(PxParameters):
    """How data is written."""

    output_format: Annotated[FormatName, BeforeValidator(_lower)] | None = Field(
        None, alias="outputFormat", description="Format of the data; `json-stat2` if not given."
    )
    output_format_params: Names | None = Field(
        None,
        alias="outputFormatParams",
        description="Of CSV and Excel, separated by commas: `UseCodes`, `UseTexts` or "
        "`UseCodesAndTexts`; `IncludeTitle`; of CSV: `SeparatorTab`, `SeparatorSpace` or "
        "`SeparatorSemicolon`.",
    )


class DataParameters(FormatParameters):
    """Which values are wanted."""

    value_codes: Annotated[dict[Text, Written], _by_variable()] | None = Field(
        None,
        alias="valueCodes",
        description="`valueCodes[Time]=2021,2022` or with an expression: `*` and `?` for "
        "characters, `top(3)`, `bottom(3)`, `from(2019)`, `to(2022)`, `range(2019,2022)`.",
    )
    codelist: Codelists | None = Field(
        None,
        description="`codelist[Region]=vs_municipality_population`: of the values of a codelist.",
    )
    output_values: (
        Annotated[dict[Text, Aggregated], _by_variable(enum=[*get_args(Aggregated)])] | None
    ) = Field(
        None,
        alias="outputValues",
        description="`outputValues[Region]=single`. Changes nothing: no codelist adds values up.",
    )
    heading: Names | None = Field(
        None, description="Variables above the columns of a table, separated by commas."
    )
    stub: Names | None = Field(None, description="Variables before its lines, separated by commas.")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VariableSelection(_Body):
    """Which values of a variable are wanted."""

    variable_code: Text = Field(alias="variableCode")
    value_codes: list[Written] = Field([], alias="valueCodes", max_length=10_000)
    codelist: Text | None = None
    output_values: Aggregated | None = Field(None, alias="outputValues")


class VariablePlacement(_Body):
    heading: list[Text] = Field([], max_length=50)
    stub: list[Text] = Field([], max_length=50)


class VariablesSelection(_Body):
    """Which values are wanted; without a `selection`, what is worth seeing first."""

    selection: list[VariableSelection] = Field([], max_length=50)
    placement: VariablePlacement | None = None


def canonical_names() -> dict[str, str]:
    """How the parameters of all addresses are written, by how they are in lower case."""
    models: tuple[Any, ...] = (TablesParameters, MetadataParameters, DataParameters)
    return {
        (field.alias or name).lower(): field.alias or name
        for model in models
        for name, field in model.model_fields.items()
    }
