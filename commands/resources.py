"""The resources, as arguments of commands name them."""

from __future__ import annotations

from enum import StrEnum


class Importable(StrEnum):
    """The resources that can be imported from files."""

    offerings = "offerings"
    organisations = "organisations"
    districts = "districts"
    codelists = "codelists"
    indicators = "indicators"
    observations = "observations"
    strategies = "strategies"
    measures = "measures"
    decisions = "decisions"


HSDS = "hsds"
"""What is published, as the tabular package of HSDS: no resource, but it can be taken out."""
