"""What is made of every state, in this order. Adding an artefact is adding a row."""

from __future__ import annotations

from api.artefacts import catalogue, geopackage, hsds, lines, packaging, parquet
from api.artefacts.snapshot import Maker

MAKERS: tuple[Maker, ...] = (
    lines.make,
    parquet.make,
    geopackage.make,
    hsds.make,
    packaging.describe,
    packaging.sum_up,
    catalogue.make,
)
