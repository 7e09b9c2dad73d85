"""Providers, authorities and bodies: organisations.csv."""

from db.models import Organisation
from db.registry import Row
from seed.demonstration.batches import Batch, Ids, entity, ids, optional, source_ids, term
from seed.demonstration.districts import district_ids
from seed.files import Entry, read_csv

_STATED = ("name", "alternate_name", "street", "postcode", "town", "url")


def organisation_batch() -> Batch:
    sources, districts, known = source_ids(), district_ids(), organisation_ids()

    def row(entry: Entry) -> Row:
        return {
            **entity("organisation", entry, sources),
            **{column: entry[column] for column in _STATED},
            "kind_id": term("organisation_kind", entry["kind"]) if entry["kind"] else None,
            "parent_id": optional(known, entry["parent"]),
            "district_id": optional(districts, entry["district"]),
        }

    return Batch(Organisation, [row(entry) for entry in read_csv("organisations.csv")])


def organisation_ids() -> Ids:
    return ids("organisation", read_csv("organisations.csv"))
