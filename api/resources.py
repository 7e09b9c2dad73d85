"""The catalogue: every resource of the native API, declared as data."""

from dataclasses import dataclass

from sqlalchemy import Table

from api import parameters as p
from api.common_parameters import ItemParameters, ListParameters
from api.formats import ALL, CUBES, TABULAR
from api.schemas.codelist import Codelist
from api.schemas.district import District
from api.schemas.document import Document
from api.schemas.indicator import Indicator, Observation
from api.schemas.offering import Offering
from api.schemas.organisation import Organisation
from api.schemas.strategy import Decision, Measure, Strategy
from api.series import Including, ObservationParameters
from db import published


@dataclass(frozen=True)
class Resource:
    """A resource: where it is published, what it looks like, and what it can be asked."""

    name: str
    table: Table
    schema: type[Document]
    list_parameters: type[ListParameters]
    item_parameters: type[ItemParameters]
    formats: tuple[str, ...]
    columns: dict[str, str]


def _source() -> dict[str, str]:
    return {
        "source": "$.source.title",
        "license": "$.source.license",
        "attribution": "$.source.attribution",
        "updated_at": "$.updated_at",
    }


def _edtf(*names: str) -> dict[str, str]:
    return {name: f"$.{name}.edtf" for name in names}


def _plain(*names: str) -> dict[str, str]:
    return {name: f"$.{name}" for name in names}


def _codes(*names: str) -> dict[str, str]:
    return {name: f"$.{name}[*].code" for name in names}


def _code(*names: str) -> dict[str, str]:
    return {name: f"$.{name}.code" for name in names}


OFFERINGS = Resource(
    "offerings",
    published.offering,
    Offering,
    p.OfferingParameters,
    ItemParameters,
    ALL,
    {
        **_plain("id", "slug", "name", "description"),
        "organisation": "$.organisation.name",
        "organisation_slug": "$.organisation.slug",
        **_codes("categories", "themes", "target_groups", "languages"),
        **_code("organisation_mode"),
        "street": "$.sites[*].street",
        "postcode": "$.sites[*].postcode",
        "town": "$.sites[*].town",
        "longitude": "$.sites[*].longitude",
        "latitude": "$.sites[*].latitude",
        "precision": "$.sites[*].precision.code",
        "opening_hours": "$.sites[*].opening_hours",
        "districts": "$.districts[*].slug",
        **_plain("age_min", "age_max", "free", "cost", "eligibility", "application"),
        "capacity": "$.capacity.value",
        **_plain("phone", "email", "url"),
        **_edtf("as_of"),
        **_plain("valid_from", "valid_to", "confirmed_at", "note"),
        **_source(),
    },
)

DISTRICTS = Resource(
    "districts",
    published.district,
    District,
    p.DistrictParameters,
    p.DistrictItemParameters,
    ALL,
    {
        **_plain("id", "slug", "name"),
        **_code("level"),
        **_plain("kind", "scheme", "key"),
        "parent": "$.parent.slug",
        **_plain("valid_from", "valid_to", "population", "population_as_of", "area_km2"),
        **_plain("longitude", "latitude"),
        **_code("boundary_quality"),
        "designations": "$.designations[*].designation.code",
        **_plain("url", "note"),
        **_source(),
    },
)

ORGANISATIONS = Resource(
    "organisations",
    published.organisation,
    Organisation,
    p.OrganisationParameters,
    ItemParameters,
    TABULAR,
    {
        **_plain("id", "slug", "name", "alternate_name"),
        **_code("kind"),
        "parent": "$.parent.slug",
        "district": "$.district.slug",
        **_plain("street", "postcode", "town", "phone", "email", "url", "description", "note"),
        **_source(),
    },
)

INDICATORS = Resource(
    "indicators",
    published.indicator,
    Indicator,
    p.IndicatorParameters,
    ItemParameters,
    ALL,
    {
        **_plain("id", "slug", "title", "abbreviation", "description", "unit", "unit_long"),
        **_plain("decimals"),
        **_code("type", "aggregation", "polarity"),
        **_plain("formula", "headline", "citation"),
        **_codes("themes", "levels"),
        "periods": "$.periods[*]",
        **_plain("observations_count", "note"),
        **_source(),
    },
)

OBSERVATIONS = Resource(
    "observations",
    published.observation,
    Observation,
    ObservationParameters,
    Including,
    (*ALL, *CUBES),
    {
        "id": "$.id",
        "indicator": "$.indicator.slug",
        "district": "$.district.slug",
        "district_key": "$.district.key",
        "district_name": "$.district.name",
        "level": "$.district.level.code",
        **_edtf("period"),
        "period_earliest": "$.period.earliest",
        "period_latest": "$.period.latest",
        **_plain("breakdowns"),
        **_plain("value", "unit", "numerator", "denominator"),
        **_codes("flags"),
        **_plain("scenario", "note"),
        **_source(),
    },
)

RECALCULATED_COLUMNS = {
    "recalculated_from": "$.recalculation.parts[*].district.slug",
    "not_recalculated": "$.recalculation.reason",
}
"""The columns that observations have in addition, with `boundary`."""

WIDE_COLUMNS = {
    "indicator": "$.indicator.slug",
    "district": "$.district.slug",
    "district_key": "$.district.key",
    "district_name": "$.district.name",
    "level": "$.district.level.code",
    "breakdowns": "$.breakdowns",
    "unit": "$.unit",
}
"""The columns in front of the periods in the wide layout of observations."""

INTERVAL_COLUMNS = {"interval_low": "$.interval.low", "interval_high": "$.interval.high"}
"""With `include=interval`."""

STRATEGIES = Resource(
    "strategies",
    published.strategy,
    Strategy,
    p.StrategyParameters,
    ItemParameters,
    TABULAR,
    {
        **_plain("id", "slug", "title", "description"),
        **_code("kind"),
        "district": "$.district.slug",
        "lead": "$.lead.slug",
        **_edtf("period"),
        **_codes("themes", "target_groups"),
        "registered_measures": "$.registered_measures.total",
        **_plain("url", "note"),
        **_source(),
    },
)

MEASURES = Resource(
    "measures",
    published.measure,
    Measure,
    p.MeasureParameters,
    ItemParameters,
    ALL,
    {
        **_plain("id", "slug", "number", "title", "description"),
        "strategy": "$.strategy.slug",
        **_codes("themes", "target_groups"),
        "lead": "$.lead.slug",
        **_code("decision", "feasibility", "implementation"),
        "disposition": "$.disposition.status.code",
        "disposition_into": "$.disposition.into",
        **_edtf("start", "end"),
        "districts": "$.districts[*].slug",
        **_plain("url", "note"),
        **_source(),
    },
)

DECISIONS = Resource(
    "decisions",
    published.decision,
    Decision,
    p.DecisionParameters,
    ItemParameters,
    TABULAR,
    {
        **_plain("id", "slug", "reference", "title", "text"),
        "body": "$.body.slug",
        **_code("result"),
        "votes_yes": "$.votes.yes",
        "votes_no": "$.votes.no",
        "votes_abstentions": "$.votes.abstentions",
        **_edtf("date"),
        **_plain("meeting", "agenda_item"),
        "strategy": "$.strategy.slug",
        "measure": "$.measure.slug",
        **_plain("url", "note"),
        **_source(),
    },
)

CODELISTS = Resource(
    "codelists",
    published.codelist,
    Codelist,
    p.CodelistParameters,
    ItemParameters,
    TABULAR,
    {
        **_plain("id", "slug", "title", "description"),
        "terms": "$.terms[*].code",
        **_plain("updated_at"),
    },
)

RESOURCES = (
    OFFERINGS,
    DISTRICTS,
    ORGANISATIONS,
    INDICATORS,
    OBSERVATIONS,
    STRATEGIES,
    MEASURES,
    DECISIONS,
    CODELISTS,
)
