"""School holidays of the demonstration set: holidays.csv."""

from db.models import Holiday
from seed.demonstration.batches import Batch, source_ids
from seed.files import read_csv
from seed.holidays import row_of


def holiday_batch() -> Batch:
    sources = source_ids()
    return Batch(Holiday, [row_of(entry, sources) for entry in read_csv("holidays.csv")])
