"""HSDS, the Human Services Data Specification: tables of 1.x and 2.x, nested JSON of 3.x.

Both become one table `services`. Its records have the shape and the names of HSDS 3, so that one
mapping reads either; what 3 calls differently is renamed, nothing is left out:

* `organization.…`, `program.…`: the objects, laid flat; an organization's `url` is its `website`.
* `locations`: a list through `service_at_locations`, which 3 nests one level deeper. Each has
  `latitude`, `longitude`, `addresses` (`address_type` physical or postal), `phones`, `schedules`,
  `languages`, `accessibility`, and under `service_at_location` what holds for the service there.
* `attributes`, each with its `taxonomy_term`, and `taxonomy_terms`: these terms alone.
* `phones`, `schedules`, `languages`, `contacts`, `service_areas`, … of the service itself; weekdays
  are `byday` (iCalendar). Eligibility is the text `eligibility_description`; `fees_description` has
  the names and amounts of `cost_options` as well, a line each.

* Worked out from these: `free`; `areas`, by official key or name; in a location `address` with its
  `street`, `opening_hours` as an OSM string where that is certain, and `opening_note`.

`organizations` are put together in the same way: `attributes`, `phones`, `locations`, `address`.
The other tables keep their names in the package; of JSON, `organization`, `location` and
`taxonomy_term` are collected. What HSDS 3 knows of a service and of an organization is a column in
any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from seed.hsds.tables import tables as standard
from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.delimited import open_csv
from seed.readers.hsds_shape import (
    checked,
    laid_out,
    nowhere,
    objects,
    organization_laid_out,
    organizations,
    put_together,
)
from seed.readers.json_records import columns_of
from seed.readers.json_values import flatten
from seed.readers.sources import Source

FORMAT, JSON = "hsds", "hsds-json"
DESCRIPTION = "datapackage.json"
SERVICES, ORGANIZATIONS = "services", "organizations"
THREE = {"address", "schedule", "attribute", "unit", "url"}  # tables that 1.x and 2.x do not have
REQUIRED = {"organization", "service"}
PARTS = ("organization", "location", "taxonomy_term")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RowsTable:
    """A table in memory."""

    name: str
    columns: Sequence[str]
    found: Sequence[Record]
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        return iter(self.found)


# --- a package of tables -------------------------------------------------------------------------


def is_package(source: Source) -> bool:
    return {resource.get("name") for resource in _resources(source)} >= REQUIRED


def open_package(source: Source, hints: Hints) -> Document:
    files = _files(source)
    if missing := sorted(REQUIRED - files.keys()):
        raise UnreadableError(f"the package holds no table {' and no '.join(missing)}")
    read = {name: open_csv(file, Hints(encoding=hints.encoding)) for name, file in files.items()}
    rows = {name: _rows(files[name], document) for name, document in read.items()}
    linked, notes = checked(rows)
    services = [_whole(each) for each in put_together(linked)]
    providers = [
        replace(each, properties=organization_laid_out(each.properties))
        for each in organizations(linked)
    ]
    if "taxonomy_term" in linked:
        linked["taxonomy_term"] = list(_with_parents(linked["taxonomy_term"]))
    tables = [
        RowsTable(name, columns_of(rows) or read[name].tables[0].columns, rows)
        for name, rows in linked.items()
    ]
    described = f"a package of {len(tables)} tables; a service is put together from them"
    is_three = bool(THREE & files.keys())
    together = [
        RowsTable(SERVICES, _columns(services, SERVICES if is_three else ""), services),
        RowsTable(ORGANIZATIONS, _columns(providers, ORGANIZATIONS if is_three else ""), providers),
    ]
    return Document(FORMAT, [*together, *tables], [described, *notes])


def _whole(service: Record) -> Record:
    remarks = [service.remark or "", *nowhere(service.properties)]
    remark = "; ".join(filter(None, remarks)) or None
    return replace(service, properties=laid_out(service.properties), remark=remark)


def _with_parents(terms: Sequence[Record]) -> Iterator[Record]:
    """Terms with the code of the one above, by which vocabularies know it everywhere."""
    codes = {term.properties.get("id"): term.properties.get("code") for term in terms}
    for term in terms:
        above = codes.get(term.properties.get("parent_id"))
        yield replace(term, properties={**term.properties, "parent_code": above})


def _columns(found: Sequence[Record], known_as: str) -> list[str]:
    """The columns of what was put together: all that the records have, and all that they might."""
    named: list[str] = []
    if known_as == SERVICES:
        owner = [f"organization.{name}" for name in standard()["organization"].names]
        named = [*standard()["service"].names, *owner, "free", "areas", "attributes"]
        named += ["phones", "languages", "locations"]
    elif known_as == ORGANIZATIONS:
        place = ["address.street", "address.city", "address.postal_code"]
        named = [*standard()["organization"].names, *place, "attributes", "phones"]
    return list(dict.fromkeys([*columns_of(found), *named]))


def _rows(file: Source, document: Document) -> list[Record]:
    name, records = file.name, document.tables[0].records()
    return [replace(each, position=f"{name}, {each.position}") for each in records]


def _files(source: Source) -> dict[str, Source]:
    """The file of every table that is there: where the description says, or by its name alone."""
    stated = {str(each.get("name")): _path(each) for each in _resources(source)}
    return {
        name: Source(source.path, member)
        for name, path in stated.items()
        for member in _matching(source, path)[:1]
    }


def _path(resource: Row) -> str:
    """Data Package, "path": a string, or a list of the parts of one file."""
    path = resource.get("path")
    return str(path[0] if isinstance(path, list) and path else path)


def _matching(source: Source, path: str) -> list[str]:
    folder = PurePosixPath(_description(source) or "").parent
    members = [member for member in source.members if member == str(folder / path)]
    name = PurePosixPath(path).name
    return members or [each for each in source.members if PurePosixPath(each).name == name]


def _description(source: Source) -> str | None:
    found = [each for each in source.members if PurePosixPath(each).name == DESCRIPTION]
    return min(found, key=len, default=None)


def _resources(source: Source) -> list[Row]:
    member = _description(source)
    described = Source(source.path, member).json if member else None
    resources = described.get("resources") if isinstance(described, dict) else None
    return [each for each in resources or () if isinstance(each, dict)]


# --- JSON ----------------------------------------------------------------------------------------


def is_services(value: Any) -> bool:
    """Services, as `/services` of the API gives them, in an array, or one alone."""
    return any(_is_service(each) for _, each in _services(value)[:1])


def _is_service(value: Any) -> bool:
    """HSDS 3 requires an id, a name and a status of a service; nearly all have an organization."""
    if not isinstance(value, dict) or not {"id", "name"} <= value.keys():
        return False
    owned = "status" in value and isinstance(value.get("organization"), dict)
    return owned or isinstance(value.get("service_at_locations"), list)


def _services(value: Any) -> list[tuple[str, Any]]:
    contents = value.get("contents") if isinstance(value, dict) else value
    path = "$.contents" if isinstance(value, dict) else "$"
    if isinstance(contents, list):
        return [(f"{path}[{index}]", each) for index, each in enumerate(contents)]
    return [("$", value)]


def open_services(source: Source, hints: Hints) -> Document:  # noqa: ARG001 - all readers are called alike
    services = _services(source.json)
    records = [_service(position, each) for position, each in services]
    parts: dict[str, dict[Any, Record]] = {name: {} for name in PARTS}
    for position, service in services:
        for name, place, row in _parts(position, service):
            parts[name].setdefault(row.get("id", place), Record(place, flatten(row)))
    providers = [
        Record(place, organization_laid_out(row)) for place, row in _providers(services).values()
    ]
    tables = [
        RowsTable(SERVICES, _columns(records, SERVICES), records),
        RowsTable(ORGANIZATIONS, _columns(providers, ORGANIZATIONS), providers),
    ]
    for name, rows in parts.items():
        found = list(rows.values())
        tables.append(RowsTable(name, columns_of(found), found))
    return Document(JSON, tables, [*_page(source.json), *_brief(services)])


def _brief(services: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """A list of an API leaves out what an import would take for gone."""
    found = [each for _, each in services if isinstance(each, dict)]
    if found and not any("service_at_locations" in each for each in found):
        yield "no service has locations: they may be services in brief (ask with full=true)"


def _service(position: str, value: Any) -> Record:
    if not isinstance(value, dict):
        return Record(position, {"value": value}, remark="not an object")
    vain = [
        f"service_at_locations[{index}] has no location"
        for index, each in enumerate(objects(value.get("service_at_locations")))
        if not isinstance(each.get("location"), dict)
    ]
    return Record(position, laid_out(value), remark="; ".join([*vain, *nowhere(value)]) or None)


def _providers(services: Sequence[tuple[str, Any]]) -> dict[Any, tuple[str, Row]]:
    """The organizations of services. One that does not say where it is from is from where the
    service is."""
    found: dict[Any, tuple[str, Row]] = {}
    for position, service in services:
        for name, place, row in _parts(position, service):
            if name == "organization":
                stated = objects(row.get("attributes")) or _origin(service)
                found.setdefault(row.get("id", place), (place, {**row, "attributes": stated}))
    return found


def _origin(service: Row) -> list[Any]:
    stated = objects(service.get("attributes"))
    return [each for each in stated if each.get("label") in ("attribution", "license")]


def _parts(position: str, service: Any) -> Iterator[tuple[str, str, Row]]:
    """What a service has within it that others may have too."""
    if isinstance(service, dict):
        if organization := objects(service.get("organization")):
            yield "organization", f"{position}.organization", organization[0]
        for list_name, name in (
            ("service_at_locations", "location"),
            ("attributes", "taxonomy_term"),
        ):
            for index, each in enumerate(objects(service.get(list_name))):
                for row in objects(each.get(name)):
                    yield name, f"{position}.{list_name}[{index}].{name}", row


def _page(value: Any) -> Iterator[str]:
    """The envelope of the API says if there are more pages than this."""
    pages = value.get("total_pages") if isinstance(value, dict) else None
    if isinstance(pages, int) and pages > 1:
        number, total = value.get("page_number"), value.get("total_items")
        yield f"page {number} of {pages}; there are {total} services on all of them"
