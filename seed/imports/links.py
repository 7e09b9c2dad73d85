"""What entities point at: their categories, target groups, districts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from db.registry import Row, replace_parts
from seed.identity import part_id
from seed.imports.known import Known
from seed.targets import Target


def write_links(
    connection: Connection,
    known: Known,
    target: Target,
    name: str,
    goals: Mapping[UUID, Sequence[UUID]],
    standing: Collection[UUID],
) -> set[UUID]:
    """Make these all the links of a kind that their owners have; returns whose links that changed.

    `standing` are the owners that may have links already. Those to terms of other codelists stay.
    """
    link = target.links[name]
    table, owner = str(link.model.__tablename__), f"{target.table}_id"
    rows: list[Row] = [
        {"id": part_id(identity, table, goal), owner: identity, link.column: goal}
        for identity, found in goals.items()
        for goal in found
    ]
    among = known.terms.all_of(link.codelist) if link.codelist else None
    counts = replace_parts(
        connection,
        link.model,
        owner,
        standing,
        rows,
        among=None if among is None else (link.column, among),
    )
    return {*counts.owner_ids}
