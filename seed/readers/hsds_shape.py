"""Services in the shape of HSDS 3: put together from the tables of 1.x to 3.x, then laid out.

`put_together` makes of the tables what the JSON of HSDS 3 has; `laid_out` makes a record of that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seed.readers import Record
from seed.readers.hsds_hours import opening_hours, opening_note
from seed.readers.json_values import flatten

Row = dict[str, Any]
Tables = Mapping[str, Sequence[Record]]

# The column that refers to a table. Terms of 1.x are in `taxonomy`, later ones in `taxonomy_term`.
REFERENCES = {
    "service_id": ("service",),
    "location_id": ("location",),
    "organization_id": ("organization",),
    "service_at_location_id": ("service_at_location",),
    "program_id": ("program",),
    "contact_id": ("contact",),
    "phone_id": ("phone",),
    "taxonomy_id": ("taxonomy",),
    "taxonomy_term_id": ("taxonomy_term", "taxonomy"),
}
# What a row can be a part of; it then loses the columns that say so.
OWNERS = ("service", "service_at_location", "location", "organization", "contact", "phone")
OWNING = {f"{owner}_id" for owner in OWNERS}

# Lists that are always there, if empty, so that columns do not depend on what a file lacks.
LISTS = {
    "service": (
        "phones", "schedules", "languages", "contacts", "service_areas", "required_documents",
        "funding", "cost_options", "attributes",
    ),
    "location": ("addresses", "phones", "schedules", "languages", "accessibility", "contacts"),
}  # fmt: skip

# The German codelist of places: https://www.dcat-ap.de/def/politicalGeocoding/
GEOCODING = re.compile(
    r"https?://dcat-ap\.de/def/politicalGeocoding/(?:state|district|municipality)Key/(\d+)"
)
MOST = {"latitude": 90, "longitude": 180}
# What HSDS 3 calls differently, where it has not both.
RENAMED = {
    "organization": {"url": "website"},
    "service": {"fees": "fees_description"},
    "language": {"language": "name"},
    "accessibility_for_disabilities": {"accessibility": "description"},
    "service_area": {"service_area": "name"},
    "regular_schedule": {"original_text": "description"},
    "holiday_schedule": {"start_date": "valid_from", "end_date": "valid_to"},
    "taxonomy": {"vocabulary": "taxonomy"},
    "taxonomy_term": {"term": "name"},
    "service_taxonomy": {"taxonomy_id": "taxonomy_term_id", "taxonomy_detail": "value"},
}
ATTRIBUTES = ("service_taxonomy", "service_attribute", "attribute", "other_attribute")
DAYS = {day[:3].lower(): day[:2].upper() for day in (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)}  # fmt: skip
DAYS |= {str(number): code for number, code in enumerate(list(DAYS.values()), 1)}


def _physical(row: Row) -> Row:
    return row | {"address_type": "physical"}


def _postal(row: Row) -> Row:
    return row | {"address_type": "postal"}


def _weekly(row: Row) -> Row:
    """1.x has a row a weekday, 3 a rule of iCalendar (RFC 5545, section 3.3.10)."""
    day = DAYS.get(str(row.get("weekday") or "").strip().lower()[:3])
    if day is None:
        return row
    return {key: each for key, each in row.items() if key != "weekday"} | {
        "freq": "WEEKLY",
        "byday": day,
    }


def _unchanged(row: Row) -> Row:
    return row


@dataclass(frozen=True)
class Part:
    """A table whose rows go into a list of what they belong to."""

    table: str
    into: str
    change: Callable[[Row], Row] = _unchanged


PARTS = (
    Part("phone", "phones"),
    Part("contact", "contacts"),
    Part("language", "languages"),
    Part("schedule", "schedules"),
    Part("regular_schedule", "schedules", _weekly),
    Part("holiday_schedule", "schedules"),
    Part("address", "addresses"),
    Part("physical_address", "addresses", _physical),
    Part("postal_address", "addresses", _postal),
    Part("accessibility", "accessibility"),
    Part("accessibility_for_disabilities", "accessibility"),
    Part("service_area", "service_areas"),
    Part("required_document", "required_documents"),
    Part("payment_accepted", "payments_accepted"),
    Part("cost_option", "cost_options"),
    Part("funding", "funding"),
    Part("eligibility", "eligibility"),
    Part("organization_identifier", "organization_identifiers"),
    Part("service_capacity", "capacities"),
    Part("url", "additional_urls"),
)


# --- references ----------------------------------------------------------------------------------


def checked(tables: Tables) -> tuple[dict[str, list[Record]], list[str]]:
    """The rows, with a remark where they refer to what is not there; and notes on how many do."""
    known = {name: {row.properties.get("id") for row in rows} for name, rows in tables.items()}
    found = {name: [_checked(row, known) for row in rows] for name, rows in tables.items()}
    notes = [note for name, rows in found.items() for note in _notes(name, rows, tables[name])]
    return found, notes


def _checked(row: Record, known: Mapping[str, set[Any]]) -> Record:
    vain = []
    for column, value in row.properties.items():
        target = next((name for name in REFERENCES.get(column, ()) if name in known), None)
        if target and value is not None and value not in known[target]:
            vain.append(f"{column} {value!r} is in no row of {target}")
    return replace(row, remark="; ".join(filter(None, [row.remark, *vain]))) if vain else row


def _notes(name: str, rows: Sequence[Record], as_read: Sequence[Record]) -> Iterator[str]:
    vain = [row for row, read in zip(rows, as_read, strict=True) if row is not read]
    if vain:
        yield (
            f"{name}: {len(vain):,} rows refer to what the package does not hold; "
            f"the first is {vain[0].position}: {vain[0].remark}"
        )
    unowned = [row for row in rows if _is_unowned(row)] if name in {p.table for p in PARTS} else []
    if unowned:
        yield f"{name}: {len(unowned):,} rows belong to nothing; the first is {unowned[0].position}"


def _is_unowned(row: Record) -> bool:
    return all(row.properties.get(column) is None for column in OWNING)


# --- tables to objects ---------------------------------------------------------------------------


def put_together(tables: Tables) -> Iterator[Record]:
    """Every service as the JSON of HSDS 3 has it, with the remarks on what leads to its parts."""
    package = _Package(tables)
    for row in tables["service"]:
        yield package.service(row)


def organizations(tables: Tables) -> Iterator[Record]:
    """Every organization with its parts and its locations."""
    package = _Package(tables)
    for row in tables["organization"]:
        yield package.organization(row)


class _Package:
    """The rows of a package, by what they are looked up by."""

    def __init__(self, tables: Tables) -> None:
        self.rows = {
            name: {row.properties.get("id"): row for row in reversed(rows)}
            for name, rows in tables.items()
        }
        self.parts: dict[tuple[str, Any], list[tuple[Part, Record]]] = defaultdict(list)
        for part in PARTS:
            for row in tables.get(part.table, ()):
                for owner in _owners(part, row):
                    self.parts[owner].append((part, row))
        self.attributes: dict[tuple[str, Any], list[tuple[str, Record]]] = defaultdict(list)
        for name in ATTRIBUTES:
            for row in tables.get(name, ()):
                self.attributes[_linked(name, row.properties)].append((name, row))
        self.at_locations: dict[Any, list[Record]] = defaultdict(list)
        for row in tables.get("service_at_location", ()):
            self.at_locations[row.properties.get("service_id")].append(row)

        self.of_organization: dict[Any, list[Record]] = defaultdict(list)
        for row in tables.get("location", ()):
            self.of_organization[row.properties.get("organization_id")].append(row)

    def organization(self, row: Record) -> Record:
        """Of 1.x and 2.x a location has one, whatever is done there; of 3 it is theirs."""
        whole = self._whole("organization", row)
        places = self.of_organization.get(row.properties.get("id"), ())
        whole["locations"] = [self._whole("location", each) for each in places]
        return replace(row, properties=whole)

    def service(self, row: Record) -> Record:
        key = row.properties.get("id")
        at_locations = self.at_locations.get(key, ())
        service = self._whole("service", row)
        for name in ("organization", "program"):
            if found := self._referred(name, row.properties.get(f"{name}_id")):
                service[name] = self._whole(name, found)
        service["service_at_locations"] = [self._at_location(each) for each in at_locations]
        _join_eligibility(service)
        attributes = [each for _, each in self.attributes.get(("service", key), ())]
        remarks = (each.remark for each in (row, *at_locations, *attributes) if each.remark)
        return Record(row.position, service, remark="; ".join(dict.fromkeys(remarks)) or None)

    def _at_location(self, row: Record) -> Row:
        at_location = _without(self._whole("service_at_location", row), OWNING)
        if location := self._referred("location", row.properties.get("location_id")):
            at_location["location"] = self._whole("location", location)
        return at_location

    def _whole(self, table: str, row: Record) -> Row:
        """A row with its parts, and theirs, and its attributes."""
        whole = _renamed(table, row.properties)
        key = (table, row.properties.get("id"))
        for part, each in self.parts.get(key, ()):
            inner = part.change(self._whole(part.table, each))
            whole.setdefault(part.into, []).append(_without(inner, OWNING))
        for name, each in self.attributes.get(key, ()):
            whole.setdefault("attributes", []).append(self._attribute(name, each))
        return whole

    def _attribute(self, table: str, row: Record) -> Row:
        attribute = _without(_renamed(table, row.properties), {*OWNING, "link_id", "link_entity"})
        for name in REFERENCES["taxonomy_term_id"]:
            if term := self._referred(name, attribute.get("taxonomy_term_id")):
                return attribute | {"taxonomy_term": _renamed(name, term.properties)}
        return attribute

    def _referred(self, table: str, key: Any) -> Record | None:
        return None if key is None else self.rows.get(table, {}).get(key)


def _owners(part: Part, row: Record) -> Iterator[tuple[str, Any]]:
    """What a row is part of: of owners that come before its own table, so never of itself."""
    last = OWNERS.index(part.table) if part.table in OWNERS else None
    for owner in OWNERS[:last]:
        key = row.properties.get(f"{owner}_id")
        if key is not None:
            yield owner, key


def _linked(table: str, row: Mapping[str, Any]) -> tuple[str, Any]:
    """What an attribute is of: in 2.x `other_attribute` names its table in `link_type`."""
    if table in ("service_taxonomy", "service_attribute"):
        return "service", row.get("service_id")
    entity = row.get("link_type" if table == "other_attribute" else "link_entity")
    return str(entity or "service"), row.get("link_id")


def _join_eligibility(service: Row) -> None:
    rows = service.pop("eligibility", [])
    texts = [service.get("eligibility_description"), *(row.get("eligibility") for row in rows)]
    service["eligibility_description"] = "\n".join(str(text) for text in texts if text) or None


def _renamed(table: str, row: Mapping[str, Any]) -> Row:
    names = RENAMED.get(table, {})
    return {_new_name(key, names.get(key, key), row): each for key, each in row.items()}


def _new_name(old: str, new: str, row: Mapping[str, Any]) -> str:
    return old if new in row else new


def _without(row: Row, columns: set[str]) -> Row:
    return {key: each for key, each in row.items() if key not in columns}


# --- objects to records --------------------------------------------------------------------------


def laid_out(service: Mapping[str, Any]) -> Row:
    """The properties of a service; what is a list stays one."""
    lists = {name: _list(service.get(name)) for name in LISTS["service"]}
    lists["attributes"] = [_with_term_id(each) for each in lists["attributes"]]
    terms = [each.get("taxonomy_term") for each in objects(lists["attributes"])]
    own = {key: each for key, each in service.items() if key != "service_at_locations"}
    at_locations = objects(service.get("service_at_locations"))
    schedules = lists["schedules"] if len(at_locations) == 1 else []
    return flatten(own | lists) | {
        "fees_description": _joined_costs(service),
        "free": _is_free(service) or None,
        "areas": [area for each in lists["service_areas"] if (area := _area(each))],
        "taxonomy_terms": objects(terms),
        "locations": [_location(each, schedules) for each in at_locations],
    }


def organization_laid_out(organization: Mapping[str, Any]) -> Row:
    """The properties of an organization. Its address is that of its only location, if it has one:
    of several nobody knows which is the seat."""
    places = objects(organization.get("locations"))
    address = _address(places[0]) if len(places) == 1 else {}
    lists = {name: _list(organization.get(name)) for name in ("phones", "attributes", "locations")}
    described = organization.get("description")
    repeated = described == organization.get("name")
    own = {name: value for name, value in organization.items() if name != "services"}
    return flatten(own | lists | {"address": address}) | {
        "description": None if repeated else described
    }


def _area(stated: Any) -> Any:
    """What an area is called: by its official German key where it has one, else by its name."""
    if not isinstance(stated, dict):
        return None
    found = GEOCODING.fullmatch(str(stated.get("uri") or ""))
    return f"ags:{found[1]}" if found else stated.get("name")


def _is_free(service: Mapping[str, Any]) -> bool:
    """Whether nothing is all it costs."""
    amounts = [option.get("amount") for option in objects(service.get("cost_options"))]
    return bool(amounts) and all(_degrees(amount) == 0 for amount in amounts)


def _address(location: Mapping[str, Any]) -> Row:
    """The first address of a place that is not only a postal one. `street` are its lines, if they
    say more than `city`: HSDS demands a line, also of a place that has none."""
    addresses = objects(location.get("addresses"))
    place = next((each for each in addresses if each.get("address_type") != "postal"), None)
    if place is None:
        return {}
    lines = [place.get("address_1"), place.get("address_2")]
    said = {place.get("city"), location.get("name")}
    street = ", ".join(str(line) for line in lines if line and line not in said)
    return place | {"street": street or None}


def _joined_costs(service: Mapping[str, Any]) -> str | None:
    """What a service costs: the text, and a line an option with its name and amount."""
    options = [_cost(each) for each in objects(service.get("cost_options"))]
    texts = [service.get("fees_description"), *options]
    return "\n".join(str(text) for text in texts if text) or None


def _cost(option: Mapping[str, Any]) -> str:
    amount = " ".join(str(option[name]) for name in ("amount", "currency") if option.get(name))
    amount = "" if amount == "0" else amount
    stated = (
        option.get("option"),
        ", ".join(filter(None, [amount, option.get("amount_description")])),
    )
    return ": ".join(text for text in stated if text)


def _with_term_id(attribute: Any) -> Any:
    """Tables refer to a term, JSON has it within."""
    terms = objects(attribute.get("taxonomy_term")) if isinstance(attribute, dict) else []
    return {"taxonomy_term_id": terms[0].get("id")} | attribute if terms else attribute


def _location(at_location: Row, schedules: list[Any]) -> Row:
    """A location, with what holds for the service there before what holds for the place.

    `schedules` are those of the service, where it has but this location. Hours are what the service
    has there; those of the house hold where nothing else is known.
    """
    stated = at_location.get("location")
    location: Row = stated if isinstance(stated, dict) else {}
    lists = {
        name: _list(at_location.get(name)) + _list(location.get(name)) for name in LISTS["location"]
    }
    places = {
        name: None if _is_nowhere(location) else _degrees(location.get(name)) for name in MOST
    }
    own = _without(at_location, {"location", *LISTS["location"]})
    stated_hours = objects(at_location.get("schedules")) or objects(schedules)
    hours = stated_hours or objects(location.get("schedules"))
    return (
        location
        | places
        | lists
        | {
            "service_at_location": own,
            "address": _address(location),
            "opening_hours": opening_hours(hours),
            "opening_note": opening_note(hours) or None,
        }
    )


def objects(value: Any) -> list[Row]:
    """The objects that a member is, or has in its list."""
    return [each for each in _list(value) if isinstance(each, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def nowhere(service: Mapping[str, Any]) -> list[str]:
    """Which of its locations are left without a place, as their coordinates are none on earth."""
    places = [each.get("location") for each in objects(service.get("service_at_locations"))]
    return [
        f"location {each.get('id')}: latitude {each.get('latitude')}, longitude "
        f"{each.get('longitude')} is nowhere on earth"
        for each in places
        if isinstance(each, dict) and _is_nowhere(each)
    ]


def _is_nowhere(location: Mapping[str, Any]) -> bool:
    """HSDS has decimal degrees, and nothing else. What is no number is told by the checks."""
    degrees = {name: _degrees(location.get(name)) for name in MOST}
    return any(isinstance(each, float) and abs(each) > MOST[name] for name, each in degrees.items())


def _degrees(value: Any) -> Any:
    """Tables have numbers as text; what is none stays for the checks to tell."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
