"""The read model: schema `published`, the only thing the public role can read.

One table a resource: the columns that filters and sorting need, the geometry, and the finished
document as text. `geojson` holds the members `"geometry":…,"bbox":…` of the GeoJSON Feature.
"""

from typing import Any

from geoalchemy2 import Geography, Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, INT4RANGE, TSVECTOR

SCHEMA = "published"
CHANNEL = "quartier_publication"
COLLATION = f"{SCHEMA}.de"
TOLERANCES = (50, 200, 1000)

metadata = MetaData(schema=SCHEMA)


def _geometry(name: str) -> Column[Any]:
    return Column(name, Geometry(srid=4326, spatial_index=False))


def _resource(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("slug", Text, nullable=False),
        Column("sort_name", Text(collation=COLLATION), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("hash", Text, nullable=False),
        Column("document", Text, nullable=False),
        Column("geojson", Text, nullable=False),
        *columns,
    )


def _terms(*names: str) -> tuple[Column[Any], ...]:
    """Codes of the terms of an entity and of all their ancestors."""
    return tuple(Column(name, ARRAY(Text), nullable=False) for name in names)


offering = _resource(
    "offering",
    *_terms("category", "theme", "target_group", "language", "postcode", "wheelchair"),
    Column("organisation_id", Uuid),
    Column("organisation_mode", Text),
    Column("age", INT4RANGE),
    Column("free", Boolean),
    Column("confirmed_at", Date),
    Column("valid_to", Date),
    Column("search", TSVECTOR, nullable=False),
    Column("serves", ARRAY(Uuid), nullable=False),
    _geometry("service_area"),
    _geometry("geometry"),
    _geometry("extent"),
    Column("opening", ARRAY(Uuid), nullable=False),
    Column("capacity", Integer),
    Column("capacity_unit", Text),
    Column("source_id", Uuid),
)

district = _resource(
    "district",
    Column("level", Text, nullable=False),
    Column("level_position", Integer, nullable=False),
    Column("population", Integer, nullable=False),
    Column("parent_id", Uuid),
    Column("valid_from", Date),
    Column("valid_to", Date),
    *_terms("designation"),
    Column("search", TSVECTOR, nullable=False),
    *(Column(f"geojson_{tolerance}", Text) for tolerance in TOLERANCES),
    _geometry("boundary"),
    _geometry("geometry"),
)

organisation = _resource(
    "organisation",
    Column("kind", Text),
    Column("postcode", Text),
    Column("search", TSVECTOR, nullable=False),
)

indicator = _resource(
    "indicator",
    *_terms("theme", "level", "breakdown"),
    Column("type", Text, nullable=False),
    Column("aggregation", Text, nullable=False),
    Column("numerator_id", Uuid),
    Column("denominator_id", Uuid),
    Column("factor", Numeric),
    Column("headline", Boolean, nullable=False),
    Column("search", TSVECTOR, nullable=False),
)

observation = _resource(
    "observation",
    Column("indicator_id", Uuid, nullable=False),
    Column("district_id", Uuid, nullable=False),
    Column("level", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("period_earliest", Date),
    Column("period_latest", Date),
    Column("breakdowns", Text, nullable=False),
    Column("value", Numeric),
    *_terms("flags", "breakdown"),
    Column("district_name", Text(collation=COLLATION), nullable=False),
    Column("numerator", Numeric),
    Column("denominator", Numeric),
    Column("scenario", Text),
    Column("note", Text),
    Column("source_id", Uuid),
)

observation_line = Table(
    "observation_line",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sort_name", Text(collation=COLLATION), nullable=False),
    Column("breakdowns", Text, nullable=False),
    Column("line", Text, nullable=False),
)
"""The line of CSV of an observation, in the default language (db/lines.py)."""

observation_slot = Table(
    "observation_slot",
    metadata,
    Column("indicator_id", Uuid, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    Column("breakdowns", Text, primary_key=True),
    Column("period_earliest", Date),
    Column("period_latest", Date),
    Column("observations", Integer, nullable=False),
    Column("is_forecast", Boolean, nullable=False),
)
"""Where an indicator has observations, how many, and whether all of them are forecasts
(db/documents/observation_slots.sql)."""

strategy = _resource(
    "strategy",
    *_terms("theme", "target_group"),
    Column("kind", Text),
    Column("search", TSVECTOR, nullable=False),
)

measure = _resource(
    "measure",
    *_terms("theme", "target_group"),
    Column("strategy_id", Uuid, nullable=False),
    Column("lead_id", Uuid),
    Column("decision", Text, nullable=False),
    Column("feasibility", Text, nullable=False),
    Column("implementation", Text, nullable=False),
    Column("starts", Date),
    Column("ends", Date),
    Column("search", TSVECTOR, nullable=False),
    _geometry("geometry"),
)

decision = _resource(
    "decision",
    Column("body_id", Uuid),
    Column("strategy_id", Uuid),
    Column("result", Text, nullable=False),
    Column("date", Text, nullable=False),
    Column("search", TSVECTOR, nullable=False),
)

codelist = _resource("codelist")

RESOURCES: dict[str, Table] = {
    table.name: table
    for table in (
        codelist,
        district,
        organisation,
        offering,
        observation,
        indicator,  # which counts its observations
        strategy,
        measure,
        decision,
    )
}
"""Every published resource, in the order in which documents are built."""

translation = Table(
    "translation",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("lang", Text, primary_key=True),
    Column("document", Text, nullable=False),
)

state = Table(
    "state",
    metadata,
    Column("sequence", BigInteger, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("documents_hash", Text, nullable=False),
    Column("registry", Uuid, nullable=False),
    Column("forgotten", BigInteger, nullable=False),
)
"""`registry`: tells this registry from any other, for ever. `forgotten`: the publication up to
which changes were forgotten."""

resource = Table(
    "resource",
    metadata,
    Column("name", Text, primary_key=True),
    Column("total", BigInteger, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("license", Text),
)

ending = Table(
    "ending",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("valid_to", Date, primary_key=True),
    Column("total", BigInteger, nullable=False),
)

dataset = Table(
    "dataset",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("issued", DateTime(timezone=True), nullable=False),
    Column("modified", DateTime(timezone=True), nullable=False),
)
"""When a dataset was first published, and when a row of its own last changed (db/datasets.py)."""

source = Table(
    "source",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("url", Text),
    Column("license", Text, nullable=False),
    Column("license_url", Text),
    Column("attribution", Text, nullable=False),
    Column("retrieved", Date),
    Column("rhythm", Text),
)

dataset_source = Table(
    "dataset_source",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("source_id", Uuid, primary_key=True),
)

language = Table(
    "language",
    metadata,
    Column("code", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("sequence", BigInteger, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text),
    Column("merged_into_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("superseded", Boolean, nullable=False),
)
"""What each publication changed. `superseded`: the entity changed again since."""

restoration = Table(
    "restoration",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("saved", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

alias = Table(
    "alias",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("id", Uuid, nullable=False),
)

label = Table(
    "label",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("lang", Text, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("label", Text, nullable=False),
)

district_ancestor = Table(
    "district_ancestor",
    metadata,
    Column("district_id", Uuid, primary_key=True),
    Column("ancestor_id", Uuid, primary_key=True),
    Column("depth", Integer, nullable=False),
)

district_part = Table(
    "district_part",
    metadata,
    Column("target_id", Uuid, primary_key=True),
    Column("span", DATERANGE, primary_key=True),
    Column("node", Integer, primary_key=True, autoincrement=False),
    Column("direction", Text, nullable=False),
    Column("above", ARRAY(Integer), nullable=False),
    Column("district_id", Uuid, nullable=False),
    Column("part_span", DATERANGE, nullable=False),
    Column("share", Numeric),
    Column("leaves", Integer, nullable=False),
    Column("of_leaves", Integer, nullable=False),
)
"""What districts that a reform touches are made of, a row a part (db/reforms.py). `span`: the time
between two reforms in which that holds; `part_span`: that whose values of the part are meant."""

district_member = Table(
    "district_member",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("district_id", Uuid, primary_key=True),
    Column("sort_name", Text(collation=COLLATION), primary_key=True),
    Column("id", Uuid, primary_key=True),
)

category_member = Table(
    "category_member",
    metadata,
    Column("category", Text, primary_key=True),
    Column("sort_name", Text(collation=COLLATION), primary_key=True),
    Column("id", Uuid, primary_key=True),
)
"""The offerings of a category and of those below it, in the order of their names."""

offering_place = Table(
    "offering_place",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("precise", Boolean, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("alone", Boolean, nullable=False),
    Column("place", Geometry(srid=4326, spatial_index=False), nullable=False),
    Column("spot", Geography(srid=4326, spatial_index=False)),
)
"""Where an offering is, a row a site: a point, or of a site known only by its municipality the box
around that (or a point in it), and then not `precise`. `alone`: its only one of that kind. `spot`:
the point for distances; the planner knows how such columns are spread, of an index it would not."""

opening_hours = Table(
    "opening_hours",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("hours", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("schedules", Text, nullable=False),
)
"""Each opening_hours string of each region once; `offering.opening` names those of its sites.
`region` is `DE-SN`, `SE-O/1495`, or empty: unknown. `schedules` is a JSON array of schedules as
HSDS has them (db/opening/schedules.py)."""

holiday = Table(
    "holiday",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("attribution", Text, nullable=False),
)

population_cell = Table(
    "population_cell",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("spot", Geography("POINT", srid=4326, spatial_index=False), nullable=False),
    Column("residents", Double, nullable=False),
    Column("width", Integer),
    Column("source_id", Uuid, nullable=False),
    Column("districts", ARRAY(Uuid), nullable=False),
)
"""Where people live: inhabited cells of a grid, each at its middle. `districts`: all that it lies
in, at every level and of every time."""

population_source = Table(
    "population_source",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("document", Text, nullable=False),
)

word = Table(
    "word",
    metadata,
    Column("word", Text, primary_key=True),
    Column("stem", Text, nullable=False),
)

place = Table(
    "place",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("rank", Double, nullable=False),
    Column("document", Text, nullable=False),
)


def _hsds(name: str, *columns: Column[Any]) -> Table:
    return Table(
        f"hsds_{name}",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("hash", Text, nullable=False),
        Column("document", Text, nullable=False),
        *columns,
    )


def _listed() -> Column[Any]:
    return Column("number", Integer, nullable=False)


def _dated() -> Column[Any]:
    return Column("updated_at", DateTime(timezone=True), nullable=False)


def _nested() -> Column[Any]:
    return Column("nested", Text, nullable=False)


HSDS: dict[str, Table] = {
    "taxonomy": _hsds(
        "taxonomy",
        _listed(),
        _dated(),
        Column("name", Text, nullable=False),
        Column("sort_name", Text(collation=COLLATION), nullable=False),
        Column("search", TSVECTOR, nullable=False),
    ),
    "taxonomy_term": _hsds(
        "taxonomy_term",
        _listed(),
        _dated(),
        Column("taxonomy_id", Uuid, nullable=False),
        Column("taxonomy", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("parent_id", Uuid),
        Column("sort_name", Text(collation=COLLATION), nullable=False),
        Column("search", TSVECTOR, nullable=False),
    ),
    "organization": _hsds("organization", _listed(), _dated(), _nested()),
    "service": _hsds("service", _listed(), _dated(), _nested(), Column("valid_to", Date)),
    "location": _hsds(
        "location",
        _nested(),
        Column("postcode", Text),
        Column("spot", Geography(srid=4326, spatial_index=False)),
    ),
    "service_at_location": _hsds(
        "service_at_location",
        _listed(),
        _nested(),
        Column("service_id", Uuid, nullable=False),
        Column("location_id", Uuid, nullable=False),
        Column("position", Integer, nullable=False),
        Column("opening_id", Uuid),
    ),
}
"""What /hsds shows (HSDS 3.1), in the order in which it is written (ADR 0031).

`document` and `nested` have no closing brace: the views put them together. `number` is the place in
the list, which a row keeps for life.
"""

hsds_vacancy = Table(
    "hsds_vacancy",
    metadata,
    Column("list", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
)

views = MetaData(schema=SCHEMA)
"""What is read like tables, and made of several."""


def _view(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        views,
        Column("id", Uuid, primary_key=True),
        Column("number", Integer, nullable=False),
        Column("sort_name", Text(collation=COLLATION), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("search", TSVECTOR, nullable=False),
        Column("document", Text, nullable=False),
        Column("whole", Text, nullable=False),
        *columns,
    )


def _of_offering() -> tuple[Column[Any], ...]:
    return (
        *_terms("category", "theme", "target_group"),
        Column("organisation_id", Uuid),
        Column("organisation_mode", Text),
        Column("age", INT4RANGE),
        Column("valid_to", Date),
        Column("serves", ARRAY(Uuid), nullable=False),
        _geometry("service_area"),
        Column("opening", ARRAY(Uuid), nullable=False),
    )


hsds_services = _view(
    "hsds_services", *_of_offering(), *_terms("postcode"), Column("minimal", Text, nullable=False)
)
hsds_service_at_locations = _view(
    "hsds_service_at_locations",
    *_of_offering(),
    Column("service_id", Uuid, nullable=False),
    Column("location_id", Uuid, nullable=False),
    Column("opening_id", Uuid),
    Column("postcode", Text),
    Column("spot", Geography(srid=4326, spatial_index=False)),
)
hsds_organizations = _view(
    "hsds_organizations",
    Column("kind", Text),
    Column("whole_with_services", Text, nullable=False),
)
LISTS: dict[str, Table] = RESOURCES | {
    table.name: table
    for table in (
        hsds_services,
        hsds_service_at_locations,
        hsds_organizations,
        HSDS["taxonomy"],
        HSDS["taxonomy_term"],
    )
}
"""Everything that is read as a list of documents."""

STORED_TOTALS: dict[str, Table] = RESOURCES | {
    hsds_services.name: offering,
    hsds_organizations.name: organisation,
}
"""By list, the resource whose stored total is its own: each has one of the other."""

SORTS: dict[str, dict[str, tuple[str, ...]]] = {
    "codelist": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "district": {
        "name": ("sort_name",),
        "level": ("level_position", "sort_name"),
        "population": ("population",),
        "updated_at": ("updated_at",),
    },
    "organisation": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "offering": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "indicator": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "observation": {
        "name": ("sort_name",),
        "period": ("period", "sort_name"),
        "district": ("district_name", "sort_name"),
        "value": ("value",),
        "updated_at": ("updated_at",),
    },
    "strategy": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "measure": {"name": ("sort_name",), "updated_at": ("updated_at",)},
    "decision": {
        "date": ("date", "sort_name"),
        "name": ("sort_name",),
        "updated_at": ("updated_at",),
    },
    "hsds_services": {"number": ("number",)},
    "hsds_service_at_locations": {"number": ("number",)},
    "hsds_organizations": {"number": ("number",)},
    "hsds_taxonomy": {"name": ("sort_name",)},
    "hsds_taxonomy_term": {"name": ("sort_name",)},
}
"""What each resource can be sorted by; the id always breaks ties. Only numbers may be unknown, and
then come last."""

FACETS: dict[str, dict[str, str]] = {
    "offering": {
        "category": "terms",
        "theme": "terms",
        "target_group": "terms",
        "language": "terms",
        "organisation_mode": "code",
        "organisation": "reference",
        "district": "member",
    },
    "district": {"level": "code", "designation": "terms"},
    "organisation": {"kind": "code"},
    "indicator": {"theme": "terms", "level": "terms", "type": "code", "breakdown": "terms"},
    "observation": {"level": "code", "status": "terms", "breakdown": "terms"},
    "strategy": {"kind": "code", "theme": "terms", "target_group": "terms"},
    "measure": {
        "theme": "terms",
        "target_group": "terms",
        "decision": "code",
        "feasibility": "code",
        "implementation": "code",
        "strategy": "reference",
        "district": "member",
    },
    "decision": {"result": "code", "body": "reference", "strategy": "reference"},
    "codelist": {},
}
"""What each resource can be counted by: an array of terms, a code, a reference, a membership."""

FACET_COLUMNS = {"status": "flags"}
"""The column a facet counts, where it has another name."""

FACET_LISTS = {
    ("organisation", "kind"): "organisation_kind",
    ("strategy", "kind"): "strategy_kind",
    ("indicator", "type"): "indicator_type",
    ("observation", "status"): "observation_status",
    ("decision", "body"): "organisation",
}
"""The labels a facet is shown with, where they have another name."""

NUMERIC = Numeric()
