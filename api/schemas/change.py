"""What publications changed, as a feed."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.document import Document
from api.schemas.page import Link


class Change(Document):
    """The last change of an entity: it is there now in this state, or it is gone."""

    sequence: int = Field(description="Number of the publication that changed it.")
    at: datetime = Field(description="When that publication was.")
    resource: str = Field(description="As in addresses: `offerings`, `districts`, …")
    id: UUID
    slug: str = Field(description="As of this change.")
    kind: Literal["upsert", "remove"] = Field(description="`upsert`: it is new, or it changed.")
    reason: str | None = Field(
        description="Why it was removed: `deleted`, `unpublished`, `merged_into`."
    )
    merged_into: UUID | None = Field(description="What took its place, of the same resource.")
    links: list[Link] = Field(
        description="`item`: the entity. `related`: what took its place. Else none."
    )
    document: dict[str, Any] | None = Field(
        None,
        description="Only with `include=document`: the entity as in the list of its resource; null "
        "where it was removed.",
    )


class ChangesPage(Document):
    """Changes in the order of publications. Come back with `next`, whether there is more or not."""

    items: list[Change]
    sequence: int = Field(description="Number of the publication that is the current one.")
    has_more: bool = Field(description="Whether `next` leads to changes that are there already.")
    next: str = Field(description="What `since` is next time: everything after these changes.")
    links: list[Link]
