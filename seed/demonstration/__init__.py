"""The demonstration set: the facts of seed/data as rows of the registry, in the order of loading.

Everything is published, and everything names its source. A reference to a slug that no file has is
a KeyError here, before anything is written.
"""

from seed.demonstration.batches import Batch
from seed.demonstration.districts import district_batches
from seed.demonstration.holidays import holiday_batch
from seed.demonstration.indicators import HeldBack, held_back, indicator_batches
from seed.demonstration.offerings import offering_batches
from seed.demonstration.organisations import organisation_batch
from seed.demonstration.sources import source_batch
from seed.demonstration.strategies import strategy_batches

__all__ = ["Batch", "HeldBack", "held_back", "read_demonstration", "source_batch"]


def read_demonstration() -> list[Batch]:
    return [
        source_batch(),
        *district_batches(),
        holiday_batch(),
        organisation_batch(),
        *offering_batches(),
        *indicator_batches(),
        *strategy_batches(),
    ]
