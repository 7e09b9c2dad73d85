"""Offerings and their sites: offerings.csv.

No coordinates are known, so a site lies at the representative point of its municipality, and says
so (`precision`). An offering without a town has no site.
"""

from collections.abc import Sequence
from uuid import UUID

from db.models import Offering, OfferingServiceDistrict, OfferingSite, OfferingTerm, Site
from db.registry import Row
from seed.demonstration.batches import (
    Batch,
    Ids,
    entity,
    ids,
    imprecise,
    links,
    optional,
    source_ids,
    term_links,
    texts,
    words,
)
from seed.demonstration.districts import Point, district_ids, points
from seed.demonstration.organisations import organisation_ids
from seed.files import Entry, read_csv
from seed.identity import entity_id, part_id, slugify

_CODELISTS = {"categories": "category", "target_groups": "target_group", "themes": "theme"}


def offering_batches() -> list[Batch]:
    entries = read_csv("offerings.csv")
    return [
        Batch(Offering, _offerings(entries)),
        Batch(Site, _sites(entries)),
        Batch(OfferingSite, [_at_site(entry) for entry in entries if entry["district"]]),
        Batch(OfferingTerm, _terms(entries)),
        Batch(OfferingServiceDistrict, _service_districts(entries)),
    ]


def _offerings(entries: Sequence[Entry]) -> list[Row]:
    sources, organisations = source_ids(), organisation_ids()
    return [
        {
            **entity("offering", entry, sources),
            **imprecise("as_of", entry["as_of"]),
            "name": entry["name"],
            "description": entry["description"],
            "organisation_id": optional(organisations, entry["provider"]),
            "organisation_mode": entry["organisation_mode"],
            "url": entry["url"],
        }
        for entry in entries
    ]


def _sites(entries: Sequence[Entry]) -> list[Row]:
    """One site an address, however many offerings are there, from the first source that has it."""
    sources, districts, located = source_ids(), district_ids(), points()
    first = {_site_key(entry): entry for entry in reversed(entries) if entry["district"]}
    return [_site(entry, sources, districts, located) for entry in first.values()]


def _site(entry: Entry, sources: Ids, districts: Ids, located: dict[str, Point]) -> Row:
    return {
        "id": _site_id(entry),
        "external_key": _site_key(entry),
        "source_id": sources[entry["source"]],
        "name": entry["site"],
        "street": entry["street"],
        "postcode": entry["postcode"],
        "town": entry["town"],
        "district_id": districts[entry["district"]],
        "point": located[entry["district"]],
        "precision": "municipality",
        **texts({}),
    }


def _site_id(entry: Entry) -> UUID:
    return entity_id("site", "quartier", _site_key(entry))


def _site_key(entry: Entry) -> str:
    """The address; without a street, every offering has a site of its own."""
    return slugify(f"{entry['street'] or entry['slug']} {entry['town']}")


def _at_site(entry: Entry) -> Row:
    offering = entity_id("offering", entry["source"], entry["slug"])
    return {
        "id": part_id(offering, "offering_site", _site_id(entry)),
        "offering_id": offering,
        "site_id": _site_id(entry),
        "position": 0,
    }


def _terms(entries: Sequence[Entry]) -> list[Row]:
    known = ids("offering", entries)
    return [
        link
        for entry in entries
        for column, codelist in _CODELISTS.items()
        for link in term_links(
            "offering_term", known[entry["slug"]], codelist, words(entry[column])
        )
    ]


def _service_districts(entries: Sequence[Entry]) -> list[Row]:
    known, districts = ids("offering", entries), district_ids()
    return [
        link
        for entry in entries
        for link in links(
            "offering_service_district",
            "district_id",
            known[entry["slug"]],
            [districts[slug] for slug in words(entry["service_area"])],
        )
    ]
