"""A page of entities in JSON, and what is around them."""

from typing import Any, Literal

from pydantic import Field

from api.schemas.document import Document, Source

Reason = Literal["no_observations", "no_periods", "no_values", "all_suppressed"]
SENTENCE = "Only of observations, and not with `count=none`: what there is, in one breath."
SOURCES = "Only of observations: where all that matches was taken from."
CITATION = "Only of observations: how to quote them."
REASON = "Only of observations: why there is nothing to see; else null."


class Sentence(Document):
    """The answer in one breath, for people who hear it."""

    de: str
    en: str


class Link(Document):
    """Where to go on, and what is there."""

    rel: str = Field(description="What it is: self, first, next, … (IANA link relations).")
    href: str
    type: str = Field(description="Media type.")
    method: Literal["POST"] | None = Field(
        None, description="Only after a search by POST: its next page is asked for by POST again."
    )
    body: dict[str, str] | None = Field(
        None, description="With `method`: what to merge into the body of the search."
    )


class FacetValue(Document):
    value: str = Field(description="What to filter by.")
    label: str
    count: int


class LeftOut(Document):
    """Entities that might match: their place or their hours are not known well enough to say."""

    reason: Literal["place_known_only_by_municipality", "hours_unknown"]
    count: int


class Page(Document):
    """A page of entities. `next` among the links leads on; it is absent on the last page."""

    items: list[Any]
    total: int | None = Field(
        None, description="How many match altogether; absent with `count=none`."
    )
    count: Literal["timeout"] | None = Field(
        None,
        description="Only if the total, or what is left out, is missing because counting took too "
        "long.",
    )
    sequence: int = Field(description="Number of the publication this page shows.")
    attribution: list[str]
    license: str | None = Field(
        description="The licence all entries share; null where they differ, see each `source`."
    )
    facets: dict[str, list[FacetValue]] | None = None
    left_out: list[LeftOut] | None = None
    sentence: Sentence | None = Field(None, description=SENTENCE)
    sources: list[Source] | None = Field(None, description=SOURCES)
    citation: str | None = Field(None, description=CITATION)
    reason: Reason | None = Field(None, description=REASON)
    links: list[Link]
