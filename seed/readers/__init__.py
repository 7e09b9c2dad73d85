"""Readers: a file of one format becomes records, or is refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry


class UnreadableError(ValueError):
    """The file as a whole cannot be read. The message is for the person who brought it."""


@dataclass(frozen=True)
class Record:
    """One entry of a file: where it stands there, its properties, its geometry in EPSG:4326.

    `flaw` says why a stated geometry could not be read.
    """

    position: str
    properties: Mapping[str, Any]
    geometry: BaseGeometry | None
    flaw: str | None = None
