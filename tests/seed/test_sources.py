"""What staff state of a source, and of what they name by it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from db.corrections import CorrectionRefused
from db.models import District, HouseStreet, Revision, Source
from db.registry import insert_missing, writer
from seed.imports.corrections import correct
from seed.load import load_vocabulary
from seed.sources import set_source
from tests.databases import Database
from tests.db.village import entity, source


@pytest.fixture
def url(database: Database) -> str:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    with writer(database.owner_url, "test") as connection:
        insert_missing(connection, Source, [source("here", license="not_stated")])
        draft = {"level": "quarter", "scheme": "viertel", "key": "1", "status": "draft"}
        insert_missing(connection, District, [entity("district", "nord", name="Nord", **draft)])
    return database.owner_url


def stated(url: str, slug: str) -> dict[str, Any]:
    with writer(url, "test") as connection:
        found = connection.execute(select(Source.__table__).where(Source.slug == slug))
        return dict(found.mappings().one())


def test_licence_rhythm_and_attribution_are_stated(url: str) -> None:
    given = ["license=cc-zero", "rhythm=P1Y", "attribution=© Amt = wir", "url=https://example.org"]
    set_source(url, "here", given, actor="test")
    found = stated(url, "here")
    assert (found["license"], found["rhythm"], found["publisher"]) == ("cc-zero", "P1Y", "Amt")
    assert (found["attribution"], found["url"]) == ("© Amt = wir", "https://example.org")
    set_source(url, "here", ["rhythm="], actor="test")
    assert stated(url, "here")["rhythm"] is None


@pytest.mark.parametrize(
    ("slug", "assignment", "reason"),
    [
        ("nowhere", "rhythm=P1Y", "there is no source 'nowhere'"),
        ("here", "rhythm=yearly", "'yearly' is no duration, such as P1M"),
        ("here", "license=cc-zer", "license cannot be 'cc-zer'; did you mean 'cc-zero'"),
        ("here", "licence=cc-zero", "no field 'licence'; did you mean 'license'"),
        ("here", "slug=there", "no field 'slug'"),
        ("here", "publisher=", "publisher: Field required"),
        ("here", "rhythm", "'rhythm' is not field=value"),
        ("here", "retrieved=yesterday", "retrieved: Input should be a valid date"),
    ],
)
def test_what_cannot_be_stated_says_why(url: str, slug: str, assignment: str, reason: str) -> None:
    with pytest.raises(CorrectionRefused, match=reason):
        set_source(url, slug, [assignment], actor="test")


def test_a_file_of_houses_becomes_a_source_when_something_is_stated_of_it(url: str) -> None:
    with writer(url, "test") as connection:
        connection.execute(
            HouseStreet.__table__.insert(),  # type: ignore[attr-defined]
            {
                "id": 1,
                "source": "hauskoordinaten",
                "name": "weg",
                "street": "Weg",
                "towns": [],
                "short_towns": [],
                "parts": [],
            },
        )
    with pytest.raises(CorrectionRefused, match=r"publisher: Field required; license: Field"):
        set_source(url, "hauskoordinaten", ["rhythm=P6M"], actor="test")
    given = ["publisher=Landesamt", "license=dl-by-de-2-0", "attribution=© Landesamt", "rhythm=P6M"]
    set_source(url, "hauskoordinaten", given, actor="test")
    found = stated(url, "hauskoordinaten")
    assert (found["title"], found["license"]) == ("hauskoordinaten", "dl-by-de-2-0")


def test_a_draft_is_published_by_its_status_and_it_is_recorded_why(url: str) -> None:
    given = ["status=published", "population=1200"]
    correct(url, "districts/nord", given, source="Beschluss 5", actor="quartier set")
    with writer(url, "test") as connection:
        found = connection.execute(select(District.status, District.population)).one()
        actors = set(connection.scalars(select(Revision.actor)))
    assert tuple(found) == ("published", 1200)
    assert "quartier set: Beschluss 5" in actors


def test_nothing_is_set_if_one_of_it_cannot_be(url: str) -> None:
    with pytest.raises(CorrectionRefused, match="status is one of"):
        correct(url, "nord", ["population=5", "status=public"], source="?", actor="test")
    with writer(url, "test") as connection:
        assert connection.scalar(select(District.population)) is None


def test_fields_of_a_source_are_not_set_as_those_of_entities(url: str) -> None:
    with pytest.raises(CorrectionRefused, match="fields of a source are not set this way"):
        correct(url, "here", ["license=cc-zero"], source="?", actor="test")
