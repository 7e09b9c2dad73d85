"""Districts and territorial reforms: districts.csv, successions.csv."""

from datetime import date
from decimal import Decimal
from typing import Any

from db.models import District, DistrictSuccession
from db.registry import Row
from seed.demonstration.batches import Batch, Ids, entity, ids, optional, source_ids
from seed.files import Entry, read_csv
from seed.identity import part_id

Point = tuple[float, float]


def district_batches() -> list[Batch]:
    sources, known, located = source_ids(), district_ids(), points()
    districts = [_district(entry, sources, known, located) for entry in read_csv("districts.csv")]
    reforms = [_succession(entry, sources, known) for entry in read_csv("successions.csv")]
    return [Batch(District, districts), Batch(DistrictSuccession, reforms)]


def district_ids() -> Ids:
    """By slug and by `scheme:key`."""
    entries = read_csv("districts.csv")
    by_slug = ids("district", entries)
    keyed = {f"{entry['scheme']}:{entry['key']}": by_slug[str(entry["slug"])] for entry in entries}
    return {**by_slug, **keyed}


def points() -> dict[str, Point]:
    """The representative point of every district that has one, by slug."""
    return {
        str(entry["slug"]): (float(entry["lon"]), float(entry["lat"]))
        for entry in read_csv("districts.csv")
        if entry["lon"] and entry["lat"]
    }


def _district(entry: Entry, sources: Ids, known: Ids, located: dict[str, Point]) -> Row:
    return {
        **entity("district", entry, sources),
        **{column: entry[column] for column in ("name", "level", "kind", "scheme", "key")},
        "parent_id": optional(known, entry["parent"]),
        "valid_from": _date(entry["valid_from"]),
        "valid_to": _date(entry["valid_to"]),
        "population": int(entry["population"]) if entry["population"] else None,
        "population_as_of": _date(entry["population_as_of"]),
        "area_km2": Decimal(entry["area_km2"]) if entry["area_km2"] else None,
        "point": located.get(entry["slug"]),
    }


def _succession(entry: Entry, sources: Ids, known: Ids) -> dict[str, Any]:
    predecessor, successor = known[entry["predecessor"]], known[entry["successor"]]
    return {
        "id": part_id(predecessor, "district_succession", successor),
        "predecessor_id": predecessor,
        "successor_id": successor,
        "valid_on": _date(entry["valid_on"]),
        "share": Decimal(entry["share"]),
        "source_id": sources[entry["source"]],
    }


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
