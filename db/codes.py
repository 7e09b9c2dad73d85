"""Codes the design fixes: the database checks them, the API lists them, a codelist labels them."""

from typing import Literal, get_args

Level = Literal[
    "country",
    "state",
    "county",
    "social_region",
    "municipal_association",
    "municipality",
    "city_district",
    "quarter",
]
"""From the largest to the smallest."""

OrganisationMode = Literal["district", "central", "central_with_outreach", "mobile", "online"]
Wheelchair = Literal["yes", "limited", "no"]
IndicatorType = Literal["count", "rate", "index", "median"]
Method = Literal["quantile", "equal", "jenks", "stddev"]
"""How a map is divided into classes."""

Scheme = Literal[
    "Blues", "BuGn", "BuPu", "GnBu", "Greens", "Greys", "OrRd", "Oranges", "PuBu", "PuBuGn",
    "PuRd", "Purples", "RdPu", "Reds", "YlGn", "YlGnBu", "YlOrBr", "YlOrRd",
    "BrBG", "PiYG", "PRGn", "PuOr", "RdBu", "RdGy", "RdYlBu", "RdYlGn",
]  # fmt: skip
"""The sequential and diverging schemes of ColorBrewer (Cynthia Brewer, Apache 2.0)."""

MOST_CLASSES = 9
Flag = Literal[
    "final",
    "provisional",
    "revised",
    "estimated",
    "forecast",
    "suppressed",
    "not_available",
    "not_applicable",
    "rounded_to_zero",
    "low_reliability",
    "break",
]
Suppression = Literal["suppressed_primary", "suppressed_secondary"]
"""Why a publication hid a value: it is small, or a small one would follow from it."""
Recalculation = Literal["recalculated"]
"""No observation has it: it was made for the districts of a day."""

DecisionState = Literal[
    "proposed",
    "under_review",
    "recommended",
    "adopted",
    "rejected",
    "deferred",
    "withdrawn",
]
Feasibility = Literal["not_assessed", "feasible", "feasible_with_conditions", "not_feasible"]
Implementation = Literal[
    "not_started",
    "planned",
    "already_practice",
    "in_progress",
    "completed",
    "delayed",
    "stopped",
    "unknown",
]
Result = Literal["adopted", "rejected", "deferred", "referred", "noted", "withdrawn", "no_vote"]

LEVELS: tuple[str, ...] = get_args(Level)
ORGANISATION_MODES: tuple[str, ...] = get_args(OrganisationMode)
WHEELCHAIR: tuple[str, ...] = get_args(Wheelchair)
INDICATOR_TYPES: tuple[str, ...] = get_args(IndicatorType)
METHODS: tuple[str, ...] = get_args(Method)
SCHEMES: tuple[str, ...] = get_args(Scheme)
FLAGS: tuple[str, ...] = get_args(Flag)
DECISIONS: tuple[str, ...] = get_args(DecisionState)
FEASIBILITIES: tuple[str, ...] = get_args(Feasibility)
IMPLEMENTATIONS: tuple[str, ...] = get_args(Implementation)
RESULTS: tuple[str, ...] = get_args(Result)

UNASSIGNABLE = ("assignment", "spatially_unassignable")
"""The breakdown of a district that is in none of the districts below it: nobody knows in which."""
