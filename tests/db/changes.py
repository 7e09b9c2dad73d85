"""Changes as imports and people make them, to be drawn at random: on rows of one of two sides.

What one side changes, the other does not. Both quote the same districts, terms and strategies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import IntegrityError

from db import models
from db.registry import replace_parts, upsert
from tests.db.village import (
    AWKWARD,
    Row,
    at,
    key,
    observation,
    offering,
    organisation,
    part,
    site,
    source,
    square,
    tagged,
)

Change = Callable[[Connection, int, int], None]
"""Takes the side (0 or 1) and a number that varies it."""

PROVIDERS = ("red", "blue")


def _offer(side: int, number: int = 0) -> str:
    return f"offer-{2 * side + number % 2}"


def _set(connection: Connection, model: Any, table: str, slug: str, /, **values: Any) -> None:
    upsert(connection, model, [{"id": key(table, slug), **values}])


def rename_offering(connection: Connection, side: int, n: int) -> None:
    values: Row = {"name": f"Neu {n}", "translations": {"sv": {"name": f"Ny {n}"}}, "capacity": n}
    _set(connection, models.Offering, "offering", _offer(side, n), **values)


def draw_service_area(connection: Connection, side: int, n: int) -> None:
    area = square(AWKWARD + n / 7, 50 + n / 3, side=1 / (n + 3))
    _set(connection, models.Offering, "offering", _offer(side, n), service_area=area)


def move_site(connection: Connection, side: int, n: int) -> None:
    place = (AWKWARD / (n + 1), 50 + n / 3)
    _set(connection, models.Site, "site", f"site-{2 * side + n % 2}", point=place)


def bring_offering(connection: Connection, side: int, n: int) -> None:
    name = f"new-{side}-{n}"
    upsert(connection, models.Organisation, [organisation(name)])
    upsert(connection, models.Site, [site(name)])
    provider = {"organisation_id": key("organisation", name)}
    upsert(connection, models.Offering, [offering(name, **provider)])
    upsert(connection, models.OfferingSite, [at(name, name)])
    upsert(connection, models.OfferingTerm, [tagged(name, "abcd"[n])])


def bring_child(connection: Connection, side: int, n: int) -> None:
    """Below what is there, and below what is new itself."""
    parent = key("organisation", PROVIDERS[side])
    names = f"child-{side}-{n}", f"grandchild-{side}-{n}"
    child = organisation(names[0], parent_id=parent)
    grandchild = organisation(names[1], parent_id=child["id"])
    upsert(connection, models.Organisation, [grandchild, child])


def change_terms(connection: Connection, side: int, n: int) -> None:
    name = _offer(side, n)
    rows = [tagged(name, code) for code in "abcd"[:n]]
    replace_parts(connection, models.OfferingTerm, "offering_id", [key("offering", name)], rows)


def give_slug_away(connection: Connection, side: int, n: int) -> None:
    old = PROVIDERS[side]
    _set(connection, models.Organisation, "organisation", old, slug=f"{old}-{n}")
    upsert(connection, models.Organisation, [{**organisation(f"heir-{side}"), "slug": old}])


def exchange_slugs(connection: Connection, side: int, n: int) -> None:
    one, other = (f"offer-{2 * side + number}" for number in ((0, 1), (1, 0))[n % 2])
    _set(connection, models.Offering, "offering", one, slug=f"between-{side}")
    _set(connection, models.Offering, "offering", other, slug=f"{one}-{n}")
    _set(connection, models.Offering, "offering", one, slug=other)


def delete_offering(connection: Connection, side: int, n: int) -> None:
    gone = key("offering", _offer(side, n))
    connection.execute(delete(models.Offering).where(models.Offering.id == gone))


def archive_offering(connection: Connection, side: int, n: int) -> None:
    values = {"status": "archived", "removal_reason": "deleted"}
    gone = key("offering", _offer(side, n))
    connection.execute(update(models.Offering).where(models.Offering.id == gone).values(values))


def merge_provider(connection: Connection, side: int, n: int) -> None:
    upsert(connection, models.Organisation, [organisation(f"whole-{side}-{n}")])
    values = {
        "removal_reason": "merged_into",
        "merged_into_id": key("organisation", f"whole-{side}-{n}"),
    }
    _set(connection, models.Organisation, "organisation", PROVIDERS[side], **values)


def reshape_district(connection: Connection, side: int, n: int) -> None:
    values = {"boundary": square(AWKWARD / (n + 1), 51.1), "population": n}
    _set(connection, models.District, "district", f"town-{2 * side + n % 2}", **values)


def change_observation(connection: Connection, side: int, n: int) -> None:
    upsert(connection, models.Observation, [observation("people", 2 * side, n / 10)])
    upsert(connection, models.Observation, [observation("children", 2 * side, n + 0.25)])


def delete_observation(connection: Connection, side: int, n: int) -> None:
    gone = key("observation", "people", 2 * side + n % 2)
    connection.execute(delete(models.Observation).where(models.Observation.id == gone))


def plan_anew(connection: Connection, side: int, n: int) -> None:
    """A topic with a term of its own and a measure that serves it, or the measure without any."""
    measure = key("measure", f"step-{side}")
    topic = part("topic", side, strategy_id=key("strategy", "plan"), kind="goal", title=f"Ziel {n}")
    upsert(connection, models.StrategyTopic, [topic])
    term = part("topic term", side, topic_id=topic["id"], term_id=key("term", "abcd"[n]))
    replace_parts(connection, models.TopicTerm, "topic_id", [topic["id"]], [term])
    serves = part("measure topic", side, measure_id=measure, topic_id=topic["id"])
    rows = [serves] if n % 2 else []
    replace_parts(connection, models.MeasureTopic, "measure_id", [measure], rows)


def bring_source(connection: Connection, side: int, n: int) -> None:
    name = f"source-{side}-{n}"
    upsert(connection, models.Source, [source(name)])
    term = {"codelist_id": key("codelist"), "code": name, "label": name}
    upsert(connection, models.CodelistTerm, [part("term", name, **term)])
    upsert(
        connection, models.Organisation, [{**organisation(name), "source_id": key("source", name)}]
    )
    about = {"offering_id": key("offering", _offer(side, n)), "finding": name}
    row = part("evaluation", name, **about, source_id=key("source", name))
    upsert(connection, models.Evaluation, [row])


CHANGES: tuple[Change, ...] = (
    rename_offering,
    draw_service_area,
    move_site,
    bring_offering,
    bring_child,
    change_terms,
    give_slug_away,
    exchange_slugs,
    delete_offering,
    archive_offering,
    merge_provider,
    reshape_district,
    change_observation,
    delete_observation,
    plan_anew,
    bring_source,
)


def make(connection: Connection, changes: Iterable[tuple[Change, int]], side: int) -> None:
    """Those that the registry lets happen: what was deleted cannot be renamed any more."""
    for change, number in changes:
        with suppress(IntegrityError), connection.begin_nested():
            change(connection, side, number)
