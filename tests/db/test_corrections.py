"""Corrections: written, remembered as an import can use them, and refused with a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, delete, func, select

from db import models
from db.corrections import (
    CORRECTABLE,
    LOCKED,
    UnknownEntity,
    UnknownField,
    ValueRefused,
    correctable,
    corrections,
    find_entity,
    set_field,
    set_fields,
    unset_field,
)
from db.imports import begin_run, finish_run, undo
from db.models import Base, District, Observation, Offering, Organisation
from db.registry import upsert
from tests.db.village import AWKWARD, HERE, contents, key, organisation, square

OFFER = key("offering", "offer-0")


def correct(
    connection: Connection,
    field: str,
    value: object,
    model: type[Base] = Offering,
    identity: UUID = OFFER,
) -> None:
    set_field(connection, model, identity, field, value, source="Anruf", actor="anna")


def value_of(
    connection: Connection, field: str, model: type[Base] = Offering, identity: UUID = OFFER
) -> Any:
    columns = model.__table__.c
    return connection.scalar(select(columns[field]).where(columns.id == identity))


# --- set -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "identity", "field", "given", "held"),
    [
        (Offering, OFFER, "name", "Neu", "Neu"),
        (Offering, OFFER, "capacity", 12, 12),
        (Offering, OFFER, "capacity", "12", 12),
        (Offering, OFFER, "free", True, True),
        (Offering, OFFER, "free", "false", False),
        (Offering, OFFER, "phone", None, None),
        (Offering, OFFER, "valid_to", "2030-12-31", date(2030, 12, 31)),
        (Offering, OFFER, "valid_to", date(2030, 12, 31), date(2030, 12, 31)),
        (Offering, OFFER, "translations", {"en": {"name": "A"}}, {"en": {"name": "A"}}),
        (
            Offering,
            OFFER,
            "organisation_id",
            key("organisation", "green"),
            key("organisation", "green"),
        ),
        (District, key("district", "town-0"), "area_km2", "12.50", Decimal("12.50")),
        (Observation, key("observation", "people", 0), "value", 0.1, Decimal("0.1")),
        (Observation, key("observation", "people", 0), "flags", ["break"], ["break"]),
    ],
)
def test_a_value_is_written_and_remembered(
    village: Connection, model: type[Base], identity: UUID, field: str, given: object, held: object
) -> None:
    correct(village, field, given, model, identity)
    assert value_of(village, field, model, identity) == held
    assert corrections(village, model, [identity]) == {identity: {field: held}}


@pytest.mark.parametrize(
    "given",
    [
        (AWKWARD, 51.5),
        f"POINT({AWKWARD} 51.5)",
        {"type": "Point", "coordinates": [AWKWARD, 51.5]},
    ],
    ids=["coordinates", "WKT", "GeoJSON"],
)
def test_a_place_may_be_corrected(village: Connection, given: object) -> None:
    where = key("site", "site-1")
    correct(village, "point", given, models.Site, where)
    exact = select(func.ST_X(models.Site.point), func.ST_Y(models.Site.point))
    assert village.execute(exact.where(models.Site.id == where)).one() == (AWKWARD, 51.5)
    (remembered,) = corrections(village, models.Site, [where]).values()
    unchanged = [{"id": where, **remembered}]
    assert upsert(village, models.Site, unchanged).unchanged == 1


def test_corrections_fit_into_the_rows_of_an_import(village: Connection) -> None:
    """Whatever their type: an import that keeps to them changes nothing."""
    district = key("district", "town-0")
    values = {
        "boundary": square(AWKWARD, 50),
        "area_km2": "0.1",
        "valid_from": "2020-01-01",
        "population": 7,
        "parent_id": None,
        "translations": {"en": {"name": "Town"}},
    }
    set_fields(village, District, district, values, source="Karte", actor="anna")
    (remembered,) = corrections(village, District, [district]).values()
    assert remembered.keys() == values.keys()
    assert upsert(village, District, [{"id": district, **remembered}]).unchanged == 1


def test_fields_that_depend_on_each_other_are_set_together(village: Connection) -> None:
    values = {"as_of": "2024", "as_of_earliest": "2024-01-01", "as_of_latest": "2024-12-31"}
    set_fields(village, Offering, OFFER, values, source="Heft", actor="anna")
    later = {"as_of": "2025", "as_of_earliest": "2025-01-01", "as_of_latest": "2025-12-31"}
    set_fields(village, Offering, OFFER, later, source="Heft", actor="anna")
    assert value_of(village, "as_of_latest") == date(2025, 12, 31)


def test_the_last_correction_of_a_field_counts(village: Connection) -> None:
    correct(village, "phone", "1")
    correct(village, "phone", "2")
    set_field(village, Offering, OFFER, "phone", "3", source="Netz", actor="bert")
    assert corrections(village, Offering, [OFFER]) == {OFFER: {"phone": "3"}}
    kept = village.execute(select(models.Correction.source, models.Correction.actor)).all()
    assert kept == [("Netz", "bert")]


def test_it_is_recorded_who_corrected(village: Connection) -> None:
    correct(village, "phone", "1")
    upsert(village, Organisation, [organisation("later")])
    last = select(models.Revision.entity, models.Revision.actor).order_by(models.Revision.id.desc())
    assert village.execute(last.limit(3)).all() == [
        ("organisation", "test"),
        ("correction", "anna"),
        ("offering", "anna"),
    ]


def test_a_correction_alone_awaits_no_publication(village: Connection) -> None:
    village.execute(delete(models.Dirty))
    correct(village, "name", value_of(village, "name"))
    assert village.scalar(select(func.count()).select_from(models.Dirty)) == 0
    correct(village, "name", "Neu")
    assert village.scalars(select(models.Dirty.entity_id)).all() == [OFFER]


def test_a_correction_can_be_forgotten(village: Connection) -> None:
    correct(village, "phone", "1")
    assert unset_field(village, Offering, OFFER, "phone", actor="anna")
    assert corrections(village, Offering, [OFFER]) == {}
    assert value_of(village, "phone") == "1"
    assert not unset_field(village, Offering, OFFER, "phone", actor="anna")


def test_corrections_of_an_import_are_undone_with_it(village: Connection) -> None:
    correct(village, "phone", "1")
    before = contents(village)
    run = begin_run(
        village,
        resource="r",
        file="f",
        sha256="0" * 64,
        mapping="m",
        source_id=HERE,
        actor="import",
    )
    correct(village, "phone", "2")
    correct(village, "email", "post@example.org")
    finish_run(village, run, {}, {})
    undo(village, run, "staff")
    assert contents(village) == before


def test_corrections_are_those_of_the_entities_asked_for(village: Connection) -> None:
    other = key("offering", "offer-1")
    correct(village, "phone", "1")
    correct(village, "phone", "2", identity=other)
    correct(village, "phone", "3", Organisation, key("organisation", "red"))
    assert corrections(village, Offering, [OFFER]) == {OFFER: {"phone": "1"}}
    assert corrections(village, Offering, [OFFER, other, uuid4()]).keys() == {OFFER, other}
    assert corrections(village, Offering, []) == {}


def test_a_batch_is_looked_up_at_once(village: Connection) -> None:
    ids = [uuid4() for _ in range(10_000)]
    started = perf_counter()
    assert corrections(village, Offering, [*ids, OFFER]) == {}
    assert perf_counter() - started < 5


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", sorted(LOCKED))
def test_what_a_row_is_cannot_be_corrected(village: Connection, field: str) -> None:
    before = contents(village)
    with pytest.raises(UnknownField, match=f"'{field}' of offering cannot be corrected"):
        correct(village, field, "published")
    assert contents(village) == before


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (Observation, "period"),
        (Observation, "raw"),
        (models.CodelistTerm, "code"),
        (models.Codelist, "name"),
        (models.Measure, "strategy_id"),
    ],
)
def test_nor_can_what_identifies_it(village: Connection, model: type[Base], field: str) -> None:
    with pytest.raises(UnknownField, match="cannot be corrected"):
        correct(village, field, "2022", model)


def test_an_unknown_field_is_answered_with_the_nearest(village: Connection) -> None:
    with pytest.raises(UnknownField, match=r"offering has no field 'capasity'; 'capacity'\?"):
        correct(village, "capasity", 1)
    with pytest.raises(UnknownField, match=r"'x'$"):
        unset_field(village, Offering, OFFER, "x", actor="anna")
    with pytest.raises(UnknownField):
        correct(village, "position", 1, models.OfferingSite)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("capacity", "many", 'invalid input syntax for type integer: "many"'),
        ("capacity", -1, "offering_capacity_check"),
        ("valid_to", "2023-02-30", "date/time field value out of range"),
        ("name", None, 'null value in column "name"'),
        ("slug", "offer-1", r"Key \(slug\)=\(offer-1\) already exists"),
        ("slug", "Not.A.Slug", "offering_slug_check"),
        ("organisation_id", str(OFFER), "is not present in table"),
        ("organisation_id", "red", "invalid input syntax for type uuid"),
        ("service_area", "POINT(7 51)", "Geometry type"),
        ("service_area", "nowhere", "parse error"),
        ("translations", "en", "offering_translations_check"),
        ("capacity", float("nan"), "Token"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    village: Connection, field: str, value: object, reason: str
) -> None:
    """With the reason; and the connection goes on as if nothing had been asked."""
    before = contents(village)
    with pytest.raises(ValueRefused, match=reason) as refused:
        correct(village, field, value)
    assert str(refused.value).startswith(f"{field} = {value!r}: ")
    assert contents(village) == before
    assert corrections(village, Offering, [OFFER]) == {}


def test_what_is_not_there_cannot_be_corrected(village: Connection) -> None:
    with pytest.raises(UnknownEntity, match="there is no offering"):
        correct(village, "name", "Neu", identity=uuid4())


def test_every_model_has_fields_to_correct() -> None:
    assert all(correctable(model) for model in CORRECTABLE)
    assert "slug" in correctable(Offering)
    assert not LOCKED & set(correctable(Offering))


# --- found ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("offer-0", (Offering, OFFER)),
        (str(OFFER), (Offering, OFFER)),
        ("red", (Organisation, key("organisation", "red"))),
        ("category", (models.Codelist, key("codelist"))),
        ("here", (models.Source, HERE)),
        ("ags:00", (District, key("district", "town-0"))),
        (str(key("site", "site-0")), (models.Site, key("site", "site-0"))),
        (str(key("term", "a")), (models.CodelistTerm, key("term", "a"))),
        (str(key("observation", "people", 0)), (Observation, key("observation", "people", 0))),
        (f"offering/{OFFER}", (Offering, OFFER)),
    ],
)
def test_things_are_found(village: Connection, reference: str, found: tuple[Any, UUID]) -> None:
    assert find_entity(village, reference) == found


def test_a_slug_of_two_kinds_must_be_told_apart(village: Connection) -> None:
    upsert(village, Organisation, [organisation("offer-0")])
    with pytest.raises(UnknownEntity, match="more than one thing: offering/offer-0, organisation"):
        find_entity(village, "offer-0")
    assert find_entity(village, "offering/offer-0") == (Offering, OFFER)
    assert find_entity(village, "organisation/offer-0")[0] is Organisation


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("ofer-0", "nothing is called 'ofer-0'; 'offer-0'?"),
        ("xyz", "nothing is called 'xyz'$"),
        ("ags:99", "nothing is called 'ags:99'"),
        (str(key("nobody")), "nothing is called"),
        ("oferring/offer-0", "there is no kind 'oferring'; 'offering'?"),
        ("offering/red", "nothing is called 'offering/red'"),
        ("site/x", "nothing is called 'site/x'"),
    ],
)
def test_what_is_not_found_is_answered_with_the_nearest(
    village: Connection, reference: str, answer: str
) -> None:
    with pytest.raises(UnknownEntity, match=answer.replace("?", r"\?")):
        find_entity(village, reference)
