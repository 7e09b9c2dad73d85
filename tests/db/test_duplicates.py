"""What two sources may both have is found by name, address and distance, and only listed."""

from __future__ import annotations

from typing import Any, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from db import models
from db.duplicates import NEAR, Candidate, possible_duplicates
from db.registry import upsert
from tests.db.village import ELSEWHERE, at, contents, key, offering, organisation, site

HERE_IS = {"street": "Hauptstraße 5", "postcode": "09599", "point": (7.15, 51.25)}
FAR = {"street": "Weg 1", "postcode": "42103", "point": (8.15, 51.25)}
METRE = 1 / 111195  # degrees of latitude


def offer(connection: Connection, slug: str, name: str, source: Any, **place: Any) -> None:
    row = {**offering(slug), "name": name, "source_id": source}
    upsert(connection, models.Offering, [row])
    if place:
        upsert(connection, models.Site, [site(slug, **place)])
        upsert(connection, models.OfferingSite, [at(slug, slug)])


def pairs(connection: Connection, first: dict[str, Any], second: dict[str, Any]) -> list[Candidate]:
    """What is found for an offering of one source and one of another."""
    offer(
        connection, "mine", first.pop("name", "Kita Sonnenschein"), key("source", "here"), **first
    )
    offer(connection, "theirs", second.pop("name", "Kita Sonnenschein"), ELSEWHERE, **second)
    return possible_duplicates(connection, "offering", [key("offering", "mine")], limit=10)


def reasons(found: list[Candidate]) -> list[str]:
    (one,) = found
    assert (one.id, one.other_id) == (key("offering", "mine"), key("offering", "theirs"))
    return one.reasons


def test_the_same_name_at_the_same_address_is_certain(village: Connection) -> None:
    (found,) = pairs(village, {**HERE_IS}, {**HERE_IS})
    assert found.reasons == ["same_name", "same_address", "near"]
    assert (found.score, found.distance_m) == (1.0, 0.0)
    assert (found.name, found.other_name) == ("Kita Sonnenschein", "Kita Sonnenschein")


@pytest.mark.parametrize(
    "street",
    ["Hauptstr. 5", "hauptstrasse 5", "Haupt-Straße 5", "Hauptstr.5", "HAUPTSTRASSE  5"],
)
def test_streets_are_the_same_however_they_are_written(village: Connection, street: str) -> None:
    unplaced = {"point": None}
    found = pairs(village, HERE_IS | unplaced, HERE_IS | unplaced | {"street": street})
    assert reasons(found) == ["same_name", "same_address"]


@pytest.mark.parametrize("street", ["Hauptstraße 50", "Hauptweg 5", None])
def test_other_streets_are_not(village: Connection, street: str | None) -> None:
    unplaced = {"point": None}
    found = pairs(village, HERE_IS | unplaced, HERE_IS | unplaced | {"street": street})
    assert reasons(found) == ["same_name", "same_postcode"]


def test_a_range_of_numbers_is_not_a_number(village: Connection) -> None:
    first, second = ({**HERE_IS, "point": None, "street": f"Weg {n}"} for n in ("5 - 7", "57"))
    assert "same_address" not in reasons(pairs(village, first, second))
    third = {**HERE_IS, "point": None, "street": "Weg 5-7"}
    assert "same_address" in reasons(pairs(village, first, third))


@pytest.mark.parametrize(
    "name", ["Kita „Sonnenschein“", "KITA Sonnenschein", "Kita Sonnenschein e.V."]
)
def test_names_are_the_same_without_marks_and_legal_form(village: Connection, name: str) -> None:
    assert reasons(pairs(village, {**HERE_IS}, HERE_IS | {"name": name}))[0] == "same_name"


def test_alike_names_count_at_one_place_only(village: Connection) -> None:
    name = {"name": "Kita Sonnenschein am Park"}
    (found,) = pairs(village, {**HERE_IS}, HERE_IS | name)
    assert found.reasons[0] == "similar_name"
    assert 0.6 < found.score < 1
    assert pairs(village, {**HERE_IS}, FAR | name) == []


def test_day_care_centres_are_called_so_or_by_their_short_name(village: Connection) -> None:
    name = {"name": "Kindertagesstätte Sonnenschein"}
    assert reasons(pairs(village, {**HERE_IS}, HERE_IS | name))[0] == "same_name"


def test_other_names_at_one_place_are_no_duplicates(village: Connection) -> None:
    assert pairs(village, {**HERE_IS}, HERE_IS | {"name": "Schuldnerberatung"}) == []


def test_the_same_name_elsewhere_is_another(village: Connection) -> None:
    assert pairs(village, {**HERE_IS}, {**FAR}) == []


def test_the_same_name_without_a_place_may_be_the_same(village: Connection) -> None:
    (found,) = pairs(village, {**HERE_IS}, {})
    assert found.reasons == ["same_name", "unknown_place"]
    assert found.distance_m is None
    assert found.score < 0.8


@pytest.mark.parametrize(("metres", "near"), [(240, True), (260, False)])
def test_two_hundred_and_fifty_metres_are_near(
    village: Connection, metres: float, near: bool
) -> None:
    moved = {"street": "Weg 1", "postcode": "09600", "point": (7.15, 51.25 + metres * METRE)}
    found = pairs(village, {**HERE_IS}, moved)
    assert bool(found) is near
    if near:
        assert found[0].distance_m == pytest.approx(metres, abs=1)


def test_a_municipality_is_no_place_to_be_near_to(village: Connection) -> None:
    roughly = {"street": None, "postcode": None, "precision": "municipality"}
    (found,) = pairs(village, {**HERE_IS}, HERE_IS | roughly)
    assert found.reasons == ["same_name", "unknown_place"]


def test_of_several_sites_the_nearest_counts(village: Connection) -> None:
    pairs(village, {**FAR}, {**HERE_IS})
    upsert(village, models.Site, [site("second", **HERE_IS)])
    upsert(village, models.OfferingSite, [at("mine", "second")])
    (found,) = possible_duplicates(village, "offering", [key("offering", "mine")], limit=9)
    assert found.score == 1.0


def test_one_source_may_have_the_same_name_twice(village: Connection) -> None:
    offer(village, "mine", "Kita Sonnenschein", ELSEWHERE, **HERE_IS)
    offer(village, "theirs", "Kita Sonnenschein", ELSEWHERE, **HERE_IS)
    assert possible_duplicates(village, "offering", None, limit=10) == []


def test_what_is_archived_is_no_duplicate(village: Connection) -> None:
    pairs(village, {**HERE_IS}, {**HERE_IS})
    upsert(village, models.Offering, [{"id": key("offering", "theirs"), "status": "archived"}])
    assert possible_duplicates(village, "offering", None, limit=10) == []


def test_a_pair_is_listed_once(village: Connection) -> None:
    pairs(village, {**HERE_IS}, {**HERE_IS})
    both = [key("offering", "mine"), key("offering", "theirs")]
    assert len(possible_duplicates(village, "offering", both, limit=10)) == 1
    assert len(possible_duplicates(village, "offering", both * 2, limit=10)) == 1
    assert len(possible_duplicates(village, "offering", None, limit=10)) == 1
    assert possible_duplicates(village, "offering", [], limit=10) == []


def test_the_likeliest_come_first_and_not_too_many(village: Connection) -> None:
    pairs(village, {**HERE_IS}, {**HERE_IS})
    offer(village, "third", "Kita Sonnenschein Nord", ELSEWHERE, **HERE_IS)
    offer(village, "fourth", "Kita Sonnenschein", ELSEWHERE)
    ids = [key("offering", "mine")]
    found = possible_duplicates(village, "offering", ids, limit=10)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert len(found) == 3
    assert possible_duplicates(village, "offering", ids, limit=2) == found[:2]


def test_organisations_are_compared_by_their_own_address(village: Connection) -> None:
    def provider(slug: str, name: str, **columns: Any) -> None:
        address = {"street": "Markt 1", "postcode": "09599"}
        row = {**organisation(slug), "name": name, **address, **columns}
        upsert(village, models.Organisation, [row])

    provider("mine", "Caritasverband Freiberg e. V.")
    provider("same", "Caritasverband Freiberg", source_id=ELSEWHERE)
    provider("moved", "Caritasverband Freiberg", source_id=ELSEWHERE, street="Weg 2")
    provider("far", "Caritasverband Freiberg", source_id=ELSEWHERE, postcode="42103")
    provider("alike", "Caritas Freiberg", source_id=ELSEWHERE, street="Weg 3")
    ids = [key("organisation", "mine")]
    found = possible_duplicates(village, "organisation", ids, limit=10)
    assert [(one.other_id, one.reasons) for one in found] == [
        (key("organisation", "same"), ["same_name", "same_address"]),
        (key("organisation", "moved"), ["same_name", "same_postcode"]),
        (key("organisation", "alike"), ["similar_name", "same_postcode"]),
    ]
    assert all(one.distance_m is None for one in found)


def test_nothing_is_merged(village: Connection) -> None:
    pairs(village, {**HERE_IS}, {**HERE_IS})
    before = contents(village)
    possible_duplicates(village, "offering", None, limit=10)
    assert contents(village) == before


# --- against every pair --------------------------------------------------------------------------

NAMES = ("Kita Sonne", "Kita Sonne e.V.", "Kita Sonnenblume", "Hort am Markt", "Beratung", "Café Ü")
STREETS = ("Hauptstr. 1", "Hauptstraße 1", "Markt 2", None)
offers = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(STREETS),
    st.sampled_from(("09599", "09600", None)),
    st.sampled_from((None, (7.15, 51.25), (7.15, 51.25 + 200 * METRE), (7.19, 51.25))),
)

# Every pair, by the rules as they are written down, without any of the searches for pairs.
ORACLE: LiteralString = r"""
WITH thing AS (
    SELECT o.id, o.source_id, regexp_replace(regexp_replace(
               published.fold(o.name), '[^a-z0-9]+', ' ', 'g'), ' (e v )?$', '') AS plain,
           s.postcode, replace(published.fold(s.street), 'strasse', 'str.') AS street, s.point
    FROM registry.offering o
    JOIN registry.offering_site p ON p.offering_id = o.id JOIN registry.site s ON s.id = p.site_id
    WHERE o.external_key LIKE 'drawn%%'
), pair AS (
    SELECT a.id, b.id AS other_id, similarity(a.plain, b.plain) AS alike,
           (a.postcode, a.street) = (b.postcode, b.street) AS address,
           a.postcode = b.postcode AS postcode, a.plain = b.plain AS same,
           ST_DistanceSphere(a.point, b.point) AS metres,
           coalesce(a.postcode, a.point::text) IS NULL
               OR coalesce(b.postcode, b.point::text) IS NULL AS unknown
    FROM thing a JOIN thing b ON a.id < b.id AND a.source_id <> b.source_id
)
SELECT id, other_id FROM pair
WHERE alike >= 0.5 AND (address OR metres < 250)
   OR same AND (postcode OR unknown)
"""


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mine=st.lists(offers, max_size=5), theirs=st.lists(offers, max_size=5))
def test_no_pair_is_missed(village: Connection, mine: list[Any], theirs: list[Any]) -> None:
    with village.begin_nested() as example:
        for source, drawn in ((key("source", "here"), mine), (ELSEWHERE, theirs)):
            for number, (name, street, postcode, point) in enumerate(drawn):
                slug = f"drawn-{source}-{number}"
                place = {"street": street, "postcode": postcode, "point": point}
                offer(village, slug, name, source, **place)
        village.execute(
            text(
                "UPDATE registry.offering SET external_key = 'drawn' || slug "
                "WHERE slug LIKE 'drawn%'"
            )
        )
        found = possible_duplicates(village, "offering", None, limit=1000)
        expected = {frozenset(row) for row in village.execute(text(ORACLE.replace("%%", "%")))}
        listed = {frozenset((one.id, one.other_id)) for one in found}
        assert expected <= listed
        for one in found:
            assert 0 <= one.score <= 1
            assert "near" not in one.reasons or (one.distance_m or 0) <= NEAR
        example.rollback()
