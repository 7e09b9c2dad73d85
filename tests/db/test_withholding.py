"""Raw observations become public through disclosure control, and only so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import models
from db.disclosure.audit import LeaksFound, audit
from db.publication import publish
from db.registry import upsert, writer
from tests.commands import call
from tests.databases import Database
from tests.db import village
from tests.db.village import HERE, key

Shown = dict[tuple[str, str], tuple[float | None, list[str]]]

SEX = {"f": "weiblich", "m": "männlich"}


@pytest.fixture
def county(database: Database) -> Database:
    """A county with three towns; sexes make up the whole."""
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Source, [village.source("here")])
        upsert(connection, models.District, [village.district("county", level="county")])
        towns = [
            village.district(
                name, parent_id=key("district", "county"), boundary=None, boundary_quality=None
            )
            for name in ("a", "b", "c")
        ]
        upsert(connection, models.District, towns)
        sexes = {"id": key("codelist", "sex"), "name": "sex", "title": "Geschlecht"}
        upsert(connection, models.Codelist, [{**sexes, "additive": True}])
        terms = [
            {"id": key("sex", code), "codelist_id": sexes["id"], "code": code, "label": label}
            for code, label in SEX.items()
        ]
        upsert(connection, models.CodelistTerm, terms)
        upsert(
            connection,
            models.Indicator,
            [
                _indicator("people"),
                _indicator("poor"),
                _indicator(
                    "share",
                    type="rate",
                    aggregation="ratio",
                    factor=100,
                    numerator_id=key("indicator", "poor"),
                    denominator_id=key("indicator", "people"),
                ),
                _indicator("income", type="median", aggregation="none"),
            ],
        )
    return database


def _indicator(name: str, **columns: Any) -> dict[str, Any]:
    made_of = {"factor": None, "numerator_id": None, "denominator_id": None}
    how = {"unit": "1", "type": "count", "aggregation": "sum"}
    return village.entity("indicator", name, title=name, **made_of | how | columns)


def observe(
    database: Database, indicator: str, values: Mapping[str, float | None], **more: Any
) -> None:
    """Values by district, or by district and sex ("a f")."""
    rows = []
    for where, value in values.items():
        district, _, sex = where.partition(" ")
        cell = {
            "indicator_id": key("indicator", indicator),
            "district_id": key("district", district),
        }
        rows.append(
            {
                "id": key("observation", indicator, where),
                **cell,
                "period": "2022",
                "value": value,
                "breakdowns": {"sex": sex} if sex else {},
                "status": "published",
                "raw": True,
                "source_id": HERE,
                **more,
            }
        )
    with writer(database.owner_url, "test") as connection:
        upsert(connection, models.Observation, rows)


def shown(database: Database) -> Shown:
    with psycopg.connect(database.public_url) as connection:
        rows = connection.execute("SELECT document::jsonb FROM published.observation").fetchall()
    return {
        (
            document["indicator"]["slug"],
            " ".join(
                [
                    document["district"]["slug"],
                    *(term["code"] for term in document["breakdowns"].values()),
                ]
            ),
        ): (document["value"], [flag["code"] for flag in document["flags"]])
        for (document,) in rows
    }


def hidden(database: Database) -> set[tuple[str, str]]:
    return {cell for cell, (value, _) in shown(database).items() if value is None}


def leaks(database: Database) -> list[tuple[str, str]]:
    with psycopg.connect(database.public_url) as connection:
        return [(leak.indicator, leak.district) for leak in audit(connection).leaks]


def test_a_small_count_and_what_would_give_it_away_are_null_with_their_reason(
    county: Database,
) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    publish(county.owner_url)
    assert shown(county) == {
        ("poor", "a"): (None, ["suppressed", "suppressed_primary"]),
        ("poor", "b"): (None, ["suppressed", "suppressed_secondary"]),
        ("poor", "c"): (100, ["final"]),
        ("poor", "county"): (112, ["final"]),
    }


def test_values_from_a_public_source_pass(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100}, raw=False)
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == set()


def test_a_rate_goes_with_its_count(county: Database) -> None:
    observe(county, "people", {"county": 1120, "a": 20, "b": 100, "c": 1000}, raw=False)
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    observe(county, "share", {"county": 10, "a": 10, "b": 10, "c": 10})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {(name, town) for name in ("poor", "share") for town in "ab"}


def test_a_rate_without_counts_of_its_own_is_judged_by_its_denominator(county: Database) -> None:
    observe(county, "people", {"county": 1120, "a": 20, "b": 100, "c": 1000}, raw=False)
    observe(county, "share", {"county": 10, "a": 10, "b": 10, "c": 10})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("share", "a"), ("share", "b")}


def test_almost_all_is_as_private_as_almost_nobody(county: Database) -> None:
    observe(county, "people", {"a": 100, "b": 100}, raw=False)
    observe(county, "poor", {"a": 98, "b": 50})
    observe(county, "share", {"a": 98, "b": 50})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("share", "a")}


def test_a_rate_or_median_of_nobody_knows_how_many_waits(county: Database) -> None:
    observe(county, "income", {"a": 20000})
    observe(county, "income", {"b": 21000}, denominator=2)
    observe(county, "income", {"c": 22000}, denominator=200)
    withheld = publish(county.owner_url).withheld
    assert [(each.indicator, each.district, each.reason) for each in withheld] == [
        ("income", "a", "no_count")
    ]
    assert shown(county)["income", "b"][0] is None
    assert shown(county)["income", "c"][0] == 22000
    assert ("income", "a") not in shown(county)


def test_what_a_declared_rate_divides_by_shows_the_rest_though_nobody_states_the_rate(
    county: Database,
) -> None:
    observe(county, "people", {"county": 300, "a": 100, "b": 100, "c": 100}, raw=False)
    observe(county, "poor", {"county": 180, "a": 98, "b": 50, "c": 32})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("poor", "c")}


def test_a_rate_that_is_declared_later_hides_what_it_would_give_away(county: Database) -> None:
    declared = "UPDATE registry.indicator SET numerator_id = %s WHERE slug = 'share'"
    observe(county, "people", {"a": 100, "b": 100}, raw=False)
    observe(county, "poor", {"a": 98, "b": 50})
    with psycopg.connect(county.owner_url) as connection:
        connection.execute(declared, [None])
    publish(county.owner_url)
    assert hidden(county) == set()
    with psycopg.connect(county.owner_url) as connection:
        connection.execute(declared, [key("indicator", "poor")])
    publish(county.owner_url)
    assert hidden(county) == {("poor", "a")}


def test_whom_a_median_is_about_cannot_be_recomputed_from_the_county(county: Database) -> None:
    values = {"county": (1500.0, 112), "a": (900.0, 2), "b": (1400.0, 10), "c": (1522.0, 100)}
    for district, (value, persons) in values.items():
        observe(county, "income", {district: value}, denominator=persons)
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("income", "a"), ("income", "b")}


def test_the_audit_finds_whom_a_median_is_about(county: Database) -> None:
    for district, persons in {"county": 112, "a": 2, "b": 10, "c": 100}.items():
        observe(county, "income", {district: 1500}, denominator=persons)
    publish(county.owner_url)
    with psycopg.connect(county.owner_url) as connection:
        connection.execute(
            "UPDATE published.observation SET value = 1500, flags = '{final}', denominator = 10"
            " WHERE 'suppressed_secondary' = ANY (flags)"
        )
    assert leaks(county) == [("income", "a")]


def test_of_two_people_no_more_than_two_are_hidden_and_that_stops_no_publication(
    county: Database,
) -> None:
    observe(county, "people", {"county": 102, "a": 2, "b": 1, "c": 99}, raw=False)
    observe(county, "poor", {"county": 31, "a": 0, "b": 1, "c": 30})
    observe(county, "share", {"county": 31, "a": 0, "b": 100, "c": 30})
    assert publish(county.owner_url).withheld == []
    assert leaks(county) == []
    assert {("poor", "a"), ("poor", "b")} <= hidden(county)


def test_sexes_cannot_be_subtracted_from_the_whole(county: Database) -> None:
    observe(county, "poor", {"a": 20, "a f": 2, "a m": 18, "b": 40, "b f": 20, "b m": 20})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a f"), ("poor", "a m")}


def _reformed(county: Database) -> None:
    """At the end of 2021, a and b became ab."""
    with writer(county.owner_url, "test") as connection:
        towns = [
            {"id": key("district", town), "valid_to": date(2021, 12, 31)} for town in ("a", "b")
        ]
        upsert(connection, models.District, towns)
        made = village.district(
            "ab",
            parent_id=key("district", "county"),
            valid_from=date(2022, 1, 1),
            boundary=None,
            boundary_quality=None,
        )
        upsert(connection, models.District, [made])
        steps = [
            village.part(
                "succession",
                town,
                predecessor_id=key("district", town),
                successor_id=key("district", "ab"),
                valid_on=date(2022, 1, 1),
                source_id=HERE,
            )
            for town in ("a", "b")
        ]
        upsert(connection, models.DistrictSuccession, steps)


def _in(year: int) -> dict[str, Any]:
    return {"period_earliest": date(year, 1, 1), "period_latest": date(year, 12, 31)}


def test_a_county_is_the_sum_of_the_towns_of_its_time(county: Database) -> None:
    _reformed(county)
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100}, **_in(2021))
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("poor", "b")}


def test_what_towns_became_cannot_be_subtracted_from_the_county(county: Database) -> None:
    _reformed(county)
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100}, **_in(2023))
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("poor", "b")}


def test_a_town_that_took_in_another_is_no_sum_of_it(county: Database) -> None:
    _reformed(county)
    with writer(county.owner_url, "test") as connection:
        began = {"id": key("district", "ab"), "valid_from": date(2000, 1, 1)}
        upsert(connection, models.District, [began])
    observe(county, "poor", {"a": 2, "b": 10, "ab": 700, "c": 100}, **_in(2021))
    publish(county.owner_url)
    assert hidden(county) == {("poor", "a")}


def test_what_is_in_no_town_cannot_be_recomputed_from_the_county(county: Database) -> None:
    observe(county, "poor", {"county": 122, "a": 20, "b": 10, "c": 90})
    apart = {"breakdowns": {"assignment": "spatially_unassignable"}}
    observe(county, "poor", {"county apart": 2}, **apart)
    publish(county.owner_url)
    assert leaks(county) == []
    assert len(hidden(county)) == 2


def test_the_pattern_stays_when_a_value_is_no_longer_small(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    publish(county.owner_url)
    observe(county, "poor", {"county": 116, "a": 6, "b": 10, "c": 100})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("poor", "b")}


def test_a_pattern_survives_that_its_rows_are_deleted_and_come_back(county: Database) -> None:
    counts = {"county": 112.0, "a": 2.0, "b": 10.0, "c": 100.0}
    observe(county, "poor", counts)
    publish(county.owner_url)
    with psycopg.connect(county.owner_url) as connection:
        connection.execute("DELETE FROM registry.observation")
    publish(county.owner_url)
    assert shown(county) == {}
    observe(county, "poor", counts | {"a": 20.0, "county": 130.0})
    publish(county.owner_url)
    assert leaks(county) == []
    assert hidden(county) == {("poor", "a"), ("poor", "b")}


def test_what_public_values_give_away_stops_a_publication(county: Database) -> None:
    observe(county, "poor", {"county": 112, "b": 10, "c": 100}, raw=False)
    observe(county, "poor", {"a": 2})
    with pytest.raises(LeaksFound, match="poor of a, 2022: between 2 and 2, closer than 3"):
        publish(county.owner_url)
    assert shown(county) == {}
    withheld = publish(county.owner_url, leaks=True).withheld
    assert [(each.district, each.reason) for each in withheld] == [
        ("a", "follows_from_public_values")
    ]


def test_publishing_again_decides_nothing_anew(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    first = publish(county.owner_url)
    again = publish(county.owner_url)
    assert again.sequence == first.sequence


def test_a_dry_run_decides_nothing(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    publish(county.owner_url, dry_run=True)
    with psycopg.connect(county.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM registry.disclosure").fetchone() == (0,)


def test_a_hidden_value_is_nowhere_in_what_the_reader_may_read(county: Database) -> None:
    observe(county, "poor", {"county": 1131, "a": 2, "b": 129, "c": 1000}, note="zwei, nämlich 2")
    observe(county, "share", {"a": 7.25}, numerator=2, denominator=27.5)
    publish(county.owner_url)
    with psycopg.connect(county.public_url) as connection:
        rows = connection.execute("SELECT o::text FROM published.observation o").fetchall()
    text = "\n".join(row[0] for row in rows)
    assert "129" not in text.replace(str(UUID(int=0)), "")
    assert "7.25" not in text
    assert "27.5" not in text


def test_the_audit_finds_a_count_that_is_hidden_alone(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    publish(county.owner_url)
    with psycopg.connect(county.owner_url) as connection:
        connection.execute(
            "UPDATE published.observation SET value = 10, flags = '{final}'"
            " WHERE 'suppressed_secondary' = ANY (flags)"
        )
    with psycopg.connect(county.public_url) as connection:
        found = audit(connection)
    assert found.hidden == 1
    [leak] = found.leaks
    assert (leak.district, round(leak.low, 6), round(leak.high, 6)) == ("a", 2, 2)


def test_a_count_that_a_rate_gives_away_stops_a_publication(county: Database) -> None:
    observe(county, "people", {"a": 1000}, raw=False)
    observe(county, "poor", {"a": 2})
    observe(county, "share", {"a": 0}, raw=False)
    publish(county.owner_url)
    assert leaks(county) == []
    observe(county, "share", {"a": 0.2}, raw=False)
    with psycopg.connect(county.owner_url) as connection:
        connection.execute("UPDATE registry.indicator SET decimals = 1 WHERE slug = 'share'")
    with pytest.raises(LeaksFound, match=r"poor of a, 2022: between 1\.5 and 2\.5"):
        publish(county.owner_url)


def test_a_command_calculates_what_it_can_and_fails_if_that_is_too_much(county: Database) -> None:
    observe(county, "poor", {"county": 112, "a": 2, "b": 10, "c": 100})
    publish(county.owner_url)
    environment = {"DATABASE_URL": county.owner_url, "DATABASE_PUBLIC_URL": county.public_url}
    done = call("audit", "disclosure", **environment)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 hidden values, 0 of them not safe" in done.stderr
    with psycopg.connect(county.owner_url) as connection:
        connection.execute(
            "UPDATE published.observation SET value = 10, flags = '{final}'"
            " WHERE 'suppressed_secondary' = ANY (flags)"
        )
    done = call("audit", "disclosure", **environment)
    assert done.returncode == 1
    assert done.stdout == "poor of a, 2022: between 2 and 2, closer than 3\n"
