"""What is read for a sheet: all that belongs to a row, of the rows that were asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, select, text, update

from db import exports
from db.exports import Coordinate, Inapplicable, Name, Names, Plain, Reading, Scope, Translation
from db.models import (
    Base,
    District,
    Indicator,
    Measure,
    Observation,
    Offering,
    OfferingServiceDistrict,
    OfferingSite,
    OfferingTerm,
    Organisation,
    Site,
)
from db.registry import upsert, writer
from tests.databases import Database

OFFERING = Reading(
    Offering,
    (
        Plain(Offering, "id"),
        Plain(Offering, "name"),
        Name(Offering, "organisation_id"),
        Names(Offering, OfferingTerm, "term_id", "category"),
        Names(Offering, OfferingTerm, "term_id", "theme"),
        Names(Offering, OfferingServiceDistrict, "district_id"),
        Translation(Offering, "note", "en"),
    ),
    (Plain(Offering, "name"), Plain(Offering, "id")),
)
SITES = Reading(
    Site,
    (
        Plain(Offering, "id"),
        Plain(Site, "id"),
        Plain(OfferingSite, "position"),
        Name(Site, "district_id"),
        Coordinate(Site, "X"),
        Coordinate(Site, "Y"),
    ),
    (Plain(Offering, "id"), Plain(OfferingSite, "position")),
    owner=Offering,
    through=OfferingSite,
)


@pytest.fixture
def demo(demo_database: Database) -> Iterator[Connection]:
    with exports.snapshot(demo_database.owner_url) as connection:
        yield connection


def ids(connection: Connection, model: type[Base], scope: Scope) -> set[UUID]:
    identity = Plain(model, "id")
    found = exports.rows(connection, Reading(model, (identity,), (identity,)), scope)
    return {row[0] for row in found}


def test_a_row_comes_with_all_that_belongs_to_it(demo: Connection) -> None:
    rows = {row[1]: row for row in exports.rows(demo, OFFERING, Scope())}
    centre = rows["AWO Familienzentrum Döbeln"]
    assert centre[2:6] == (
        "awo",
        ["family_centre"],
        ["family"],
        None,
    )
    assert centre[6].startswith("Postcode from LDS")


def test_every_row_is_read_once_in_order(demo: Connection) -> None:
    rows = list(exports.rows(demo, OFFERING, Scope()))
    ordered = select(Offering.id).order_by(Offering.name, Offering.id)
    assert [row[0] for row in rows] == list(demo.scalars(ordered))


def test_parts_are_read_with_their_owner(demo: Connection) -> None:
    rows = list(exports.rows(demo, SITES, Scope()))
    assert len(rows) == demo.scalar(select(func.count()).select_from(OfferingSite))
    expected = select(Site.id, func.ST_X(Site.point), func.ST_Y(Site.point))
    points = {identity: (x, y) for identity, x, y in demo.execute(expected)}
    assert all(points[site] == (x, y) for _, site, _, _, x, y in rows)


def test_districts_are_called_by_their_key_if_they_have_one(demo: Connection) -> None:
    parents = Reading(
        District, (Plain(District, "slug"), Name(District, "parent_id")), (Plain(District, "id"),)
    )
    named = dict(exports.rows(demo, parents, Scope()))
    unkeyed = set(demo.scalars(select(District.slug).where(District.key.is_(None))))
    found = {name for name in named.values() if name}
    assert "ags:14522" in found
    assert {name for name in found if ":" not in name} <= unkeyed


def test_ids_choose_rows_and_the_owners_of_parts(demo: Connection) -> None:
    chosen = sorted(ids(demo, Offering, Scope()))[:3]
    assert ids(demo, Offering, Scope(ids=chosen)) == set(chosen)
    assert {row[0] for row in exports.rows(demo, SITES, Scope(ids=chosen))} <= set(chosen)
    assert not ids(demo, Offering, Scope(ids=[]))


def test_an_area_has_the_offerings_that_are_published_in_it(demo: Connection) -> None:
    published: dict[UUID, set[UUID]] = defaultdict(set)
    member = "SELECT district_id, id FROM published.district_member WHERE resource = 'offering'"
    for district, offering in demo.execute(text(member)):
        published[district].add(offering)
    assert len(published) > 10
    for district in demo.scalars(select(District.id)):
        assert ids(demo, Offering, Scope(district=district)) == published[district]


def point(x: float, y: float) -> Any:
    return func.ST_SetSRID(func.ST_MakePoint(x, y), 4326)


def square(west: float) -> Any:
    return func.ST_Multi(func.ST_MakeEnvelope(west, 51, west + 0.1, 51.1, 4326))


@pytest.mark.parametrize(
    ("quality", "precision", "is_inside"),
    [
        ("official", "exact", "where its point is"),
        ("schematic", "exact", "where it is stated"),
        ("official", "municipality", "where it is stated"),
    ],
)
def test_a_point_in_a_real_boundary_outdoes_what_is_stated(
    own_demo_database: Database, quality: str, precision: str, is_inside: str
) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        source = connection.scalar(select(Offering.source_id).limit(1))
        here, there, site, offering = (uuid4() for _ in range(4))
        for number, district in enumerate((here, there)):
            named = {"id": district, "slug": f"square-{number}", "name": f"Square {number}"}
            stated = {"level": "quarter", "source_id": source, "status": "published"}
            upsert(connection, District, [named | stated])
            drawn = {"boundary": square(20 + number / 10), "boundary_quality": quality}
            connection.execute(update(District).where(District.id == district).values(**drawn))
        own = {"id": site, "source_id": source, "district_id": there, "precision": precision}
        upsert(connection, Site, [own | {"point": (20.05, 51.05)}])
        named = {"id": offering, "slug": "in-a-square", "name": "X", "source_id": source}
        upsert(connection, Offering, [named])
        link = {"id": uuid4(), "offering_id": offering, "site_id": site}
        upsert(connection, OfferingSite, [link])
        inside = {
            "where its point is": offering in ids(connection, Offering, Scope(district=here)),
            "where it is stated": offering in ids(connection, Offering, Scope(district=there)),
        }
    assert inside == {each: each == is_inside for each in inside}


def test_other_rows_are_of_the_districts_they_name(demo: Connection) -> None:
    county = demo.scalars(select(District.id).where(District.key == "14522")).one()
    inside = ids(demo, District, Scope(district=county))
    assert len(inside) > 53
    observations = ids(demo, Observation, Scope(district=county))
    of_county = select(Observation.id).where(Observation.district_id.in_(inside))
    assert observations == set(demo.scalars(of_county))
    assert ids(demo, Organisation, Scope(district=county))
    ids(demo, Measure, Scope(district=county))


def test_a_provider_has_its_offerings_and_an_organisation_its_branches(
    own_demo_database: Database,
) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        provider = connection.scalars(select(Organisation.id).where(Organisation.slug == "awo"))
        awo = provider.one()
        own = set(connection.scalars(select(Organisation.id).where(Organisation.parent_id == awo)))
        other = connection.scalars(select(Organisation.id).where(Organisation.id != awo)).first()
        branch = update(Organisation).where(Organisation.id == other).values(parent_id=awo)
        connection.execute(branch)
        assert ids(connection, Organisation, Scope(provider=awo)) == {awo, other, *own}
        own = set(connection.scalars(select(Offering.id).where(Offering.organisation_id == awo)))
        assert ids(connection, Offering, Scope(provider=awo)) == own
        assert own
        assert (awo, "awo") in exports.providers(connection, Offering)


def test_what_is_of_no_place_or_provider_cannot_be_chosen_by_it(demo: Connection) -> None:
    with pytest.raises(Inapplicable, match="no indicator is of a municipality"):
        ids(demo, Indicator, Scope(district=uuid4()))
    with pytest.raises(Inapplicable, match="no observation is of a provider"):
        ids(demo, Observation, Scope(provider=uuid4()))


def test_archived_rows_stay_and_raw_values_only_come_on_purpose(
    own_demo_database: Database,
) -> None:
    with writer(own_demo_database.owner_url, "test") as connection:
        archived, raw = (
            connection.scalars(select(each.id)).first() for each in (Offering, Observation)
        )
        gone = {"status": "archived", "removal_reason": "deleted"}
        connection.execute(update(Offering).where(Offering.id == archived).values(**gone))
        connection.execute(update(Observation).where(Observation.id == raw).values(raw=True))
        assert archived not in ids(connection, Offering, Scope(private=True))
        assert raw not in ids(connection, Observation, Scope())
        assert raw in ids(connection, Observation, Scope(private=True))


def test_a_snapshot_does_not_move_and_cannot_write(own_demo_database: Database) -> None:
    url = own_demo_database.owner_url
    with exports.snapshot(url) as connection:
        before = list(exports.rows(connection, OFFERING, Scope()))
        with writer(url, "test") as other:
            other.execute(update(Offering).values(name="changed"))
        assert list(exports.rows(connection, OFFERING, Scope())) == before
        with pytest.raises(Exception, match="read-only"):
            connection.execute(update(Offering).values(name="changed"))


def test_terms_follow_their_broader_ones(demo: Connection) -> None:
    terms = [term for term in exports.terms(demo) if term.codelist == "organisation_kind"]
    codes = [term.code for term in terms]
    assert codes.index("authority") + 1 == codes.index("department")
    assert terms[0].labels.keys() >= {"de", "en"}


def test_the_moment_tells_the_last_publication(demo: Connection) -> None:
    assert exports.moment(demo).sequence == 1
    assert exports.languages(demo) == ["de", "en", "sv", "de-x-ls"]
    assert exports.languages_of_rows(demo, Offering) == {"de"}
    assert exports.source_slugs(demo) == sorted(exports.source_slugs(demo))
