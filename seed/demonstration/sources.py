"""The sources of the demonstration set. The date of retrieval is not known of any."""

from db.models import Source
from seed.demonstration.batches import Batch
from seed.files import Entry, read_csv
from seed.identity import source_id

_COLUMNS = ("slug", "title", "publisher", "url", "license", "license_url", "attribution")


def source_batch() -> Batch:
    return Batch(Source, [_source(entry) for entry in read_csv("sources.csv")])


def _source(entry: Entry) -> dict[str, object]:
    stated = {column: entry[column] for column in _COLUMNS}
    return {"id": source_id(entry["slug"]), "retrieved": entry["retrieved"], **stated}
