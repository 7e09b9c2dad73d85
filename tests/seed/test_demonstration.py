"""The demonstration set says what its sources say, and no more."""

from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import select

from db.models import (
    Base,
    Consultation,
    Decision,
    District,
    DistrictSuccession,
    Indicator,
    Measure,
    Milestone,
    Observation,
    Offering,
    OfferingServiceDistrict,
    OfferingSite,
    Report,
    Revision,
    Site,
    StatedTotal,
    Strategy,
    StrategyTopic,
)
from db.registry import Counts, is_empty, writer
from seed.demonstration import held_back, read_demonstration
from seed.files import read_csv
from seed.load import load_demonstration, load_vocabulary, write_demonstration, write_vocabulary
from tests.databases import Database


@cache
def batches() -> dict[type[Base], list[dict[str, Any]]]:
    return {model: [dict(row) for row in rows] for model, rows in read_demonstration()}


def rows(model: type[Base], **wanted: object) -> list[dict[str, Any]]:
    return [
        row
        for row in batches()[model]
        if all(row[column] == value for column, value in wanted.items())
    ]


def row(model: type[Base], **wanted: object) -> dict[str, Any]:
    (found,) = rows(model, **wanted)
    return found


# --- places --------------------------------------------------------------------------------------


def test_the_county_its_regions_and_their_municipalities() -> None:
    county = row(District, level="county")
    regions = rows(District, level="social_region", parent_id=county["id"])
    assert [region["key"] for region in regions] == list("1234567")
    members = [rows(District, level="municipality", parent_id=each["id"]) for each in regions]
    assert [len(each) for each in members] == [1, 12, 6, 8, 12, 9, 6]  # the sixth with Jahnatal
    for municipality in chain.from_iterable(members):
        assert municipality["key"].startswith("14522")
        assert len(municipality["key"]) == 8
        assert 12.5 < municipality["point"][0] < 13.7
        assert 50.6 < municipality["point"][1] < 51.3


def test_a_population_is_stated_or_null() -> None:
    municipalities = [each for each in rows(District, scheme="ags") if len(each["key"]) == 8]
    unknown = {each["name"] for each in municipalities if each["population"] is None}
    assert unknown == {"Jahnatal", "Wuppertal", "Oldenburg", "Lübeck"}
    known = [each for each in municipalities if each["population"] is not None]
    assert len(known) == 53
    assert {each["population_as_of"] for each in known} == {date(2022, 12, 31)}


def test_jahnatal_follows_two_municipalities() -> None:
    jahnatal = row(District, key="14522275")
    assert jahnatal["valid_from"] == date(2023, 1, 1)
    reforms = rows(DistrictSuccession, successor_id=jahnatal["id"], valid_on=date(2023, 1, 1))
    before = {reform["predecessor_id"] for reform in reforms}
    ended = rows(District, level="municipality", valid_to=date(2022, 12, 31))
    assert {each["id"] for each in ended} == before
    assert {each["name"] for each in ended} == {"Ostrau", "Zschaitz-Ottewig"}


def test_what_does_not_add_up_is_said() -> None:
    assert "Unterschied von 36" in row(District, scheme="sozialregion", key="2")["note"]
    assert "Unterschied von 27" in row(District, scheme="sozialregion", key="4")["note"]
    for name in ("Wechselburg", "Zettlitz"):
        assert "erschlossen" in row(District, name=name)["note"]


# --- offerings -----------------------------------------------------------------------------------


def test_all_offerings_at_the_precision_that_is_known() -> None:
    assert len(rows(Offering)) == 62
    assert {site["precision"] for site in rows(Site)} == {"municipality"}
    without_site = {each["id"] for each in rows(Offering)} - {
        each["offering_id"] for each in rows(OfferingSite)
    }
    assert len(without_site) == 5


def test_one_address_is_one_site() -> None:
    at_site = Counter(each["site_id"] for each in rows(OfferingSite))
    house = row(Site, name="Haus der Diakonie Rochlitz")
    assert at_site[house["id"]] == 5
    assert len(rows(Site, street="Bahnhofstraße 56")) == 1


def test_districts_of_a_town_part_and_of_a_service_area() -> None:
    site = row(Site, town="Großweitzschen OT Hochweitzschen")
    assert site["district_id"] == row(District, name="Großweitzschen")["id"]
    county = row(District, level="county")
    assert len(rows(OfferingServiceDistrict, district_id=county["id"])) == 3
    assert len(rows(Offering, organisation_mode="mobile")) == 2


# --- indicators ----------------------------------------------------------------------------------


def test_every_fact_is_loaded_or_held_back_with_a_reason() -> None:
    files = read_csv("observations.csv")
    facts = [
        each
        for each in files
        if each["source"] != "vg250-ew-2022" and each["flags"] != "not_available"
    ]
    assert len(facts) == 122
    assert len(held_back()) == 2
    assert all("Striegistal" in each.reason for each in held_back())
    assert len(rows(Observation)) == len(files) - len(held_back())
    assert len(rows(Indicator)) == 23


def test_unknown_values_are_null_with_a_reason() -> None:
    missing = rows(Observation, value=None)
    assert len(missing) == 7
    assert all(each["flags"] == ["not_available"] and each["note"] for each in missing)
    assert {each["period"] for each in missing} == {"2021"}


def test_population_of_2022_is_complete() -> None:
    population = row(Indicator, slug="population")["id"]
    values = rows(Observation, indicator_id=population, period="2022")
    assert len(values) == 53
    assert sum(each["value"] for each in values) == 300_639


def test_observations_without_a_year_say_so() -> None:
    undated = rows(Observation, period="XXXX")
    assert {each["value"] for each in undated} == {Decimal(39948), Decimal(668)}
    assert all(each["period_earliest"] is None and each["note"] for each in undated)


def test_stated_totals_of_regions_are_kept_as_stated() -> None:
    region = row(District, scheme="sozialregion", key="2")["id"]
    population = row(Indicator, slug="population")["id"]
    stated = row(Observation, indicator_id=population, district_id=region, breakdowns={})
    assert (stated["value"], stated["flags"]) == (Decimal(38941), ["final"])


def test_rounded_values_are_estimates() -> None:
    dementia = row(Indicator, slug="persons-with-dementia-diagnosis")["id"]
    assert row(Observation, indicator_id=dementia)["flags"] == ["estimated"]


def test_values_of_associations_are_not_lost() -> None:
    associations = {each["id"] for each in rows(District, level="municipal_association")}
    values = [each for each in rows(Observation) if each["district_id"] in associations]
    assert {each["value"] for each in values} == {Decimal(10506), Decimal(5161)}


def test_nothing_is_raw_and_all_is_published() -> None:
    assert not rows(Observation, raw=True)
    for model, entries in batches().items():
        assert {each.get("status", "published") for each in entries} == {"published"}, model


# --- strategies ----------------------------------------------------------------------------------


def strategy(slug: str) -> Any:
    return row(Strategy, slug=slug)["id"]


def topics(slug: str, kind: str) -> list[str]:
    return [each["title"] for each in rows(StrategyTopic, strategy_id=strategy(slug), kind=kind)]


def test_wuppertal_states_more_than_it_names() -> None:
    identity = strategy("buendnis-gegen-armut-wuppertal")
    stated = rows(StatedTotal, strategy_id=identity)
    assert [(each["value"], each["axis"], each["code"]) for each in stated] == [
        (30, None, None),
        (17, "implementation", "already_practice"),
    ]
    measures = rows(Measure, strategy_id=identity)
    axes = ("decision", "implementation", "disposition")
    assert Counter(tuple(each[axis] for axis in axes) for each in measures) == {
        ("proposed", "in_progress", "standalone"): 1,
        ("recommended", "unknown", "bundled_into"): 3,
        ("recommended", "not_started", "standalone"): 2,
    }
    assert not rows(Measure, implementation="already_practice")
    assert len(topics("buendnis-gegen-armut-wuppertal", "focus_theme")) == 5
    meeting = rows(Milestone, strategy_id=identity)[0]
    assert (meeting["date"], meeting["date_latest"]) == ("2018-05", date(2018, 5, 31))


def test_luebeck_rejected_a_motion() -> None:
    decision = row(Decision, reference="VO/2024/12903-01")
    assert decision["result"] == "rejected"
    assert decision["date_earliest"] == decision["date_latest"] == date(2024, 5, 7)
    assert decision["agenda_item"] == "Ö 7.2"
    votes = [decision[f"votes_{kind}"] for kind in ("yes", "no", "abstentions")]
    assert votes == [7, 8, None]
    assert len(topics("quartiere-staerken-lebenswelten-gestalten-luebeck", "focus_theme")) == 5


def test_oldenburg_has_four_focus_themes_until_the_end_of_2025() -> None:
    themes = topics("oldenburg-eine-stadt-fuer-alle", "focus_theme")
    assert themes == ["Arbeit", "Quartier", "Beteiligung", "Bildung"]
    milestone = row(Milestone, strategy_id=strategy("oldenburg-eine-stadt-fuer-alle"))
    assert milestone["date_latest"] == date(2025, 12, 31)


def test_skara_asked_its_residents() -> None:
    identity = strategy("integrationsstrategi-skara")
    assert row(Strategy, id=identity)["lang"] == "sv"
    consultation = row(Consultation, strategy_id=identity)
    assert consultation["opens"] == date(2016, 9, 15)
    assert consultation["closes"] == date(2016, 10, 30)
    decision = row(Decision, strategy_id=identity)
    assert (decision["date"], decision["result"]) == ("2016-09-07", "referred")
    dates = [each["date"] for each in rows(Milestone, strategy_id=identity)]
    assert dates == ["2016-11-23", "2016-12"]


def test_mittelsachsen_plans_and_reports() -> None:
    assert len(topics("seniorenpolitische-strategie-mittelsachsen", "focus_theme")) == 5
    report = row(Report, title="3. Sozialbericht")
    assert (report["state"], report["covers"]) == ("in_preparation", "2019/2022")
    assert (report["date"], report["date_latest"]) == ("2024-36", date(2024, 12, 31))


# --- loading -------------------------------------------------------------------------------------


def quiet(_: str) -> None:
    pass


def test_loading_twice_changes_nothing(database: Database) -> None:
    lines: list[str] = []
    assert load_demonstration(database.owner_url, progress=lines.append)
    assert sum(line.startswith("Not loaded: ") for line in lines) == 2
    with writer(database.owner_url, "test") as connection:
        revisions = connection.scalars(select(Revision.id).order_by(Revision.id)).all()
    assert not load_demonstration(database.owner_url, progress=quiet)
    load_vocabulary(database.owner_url, progress=quiet)
    with writer(database.owner_url, "test") as connection:
        again = write_demonstration(connection, progress=quiet)
        assert again == Counts(unchanged=sum(map(len, batches().values())))
        assert write_vocabulary(connection).new == 0
        assert connection.scalars(select(Revision.id).order_by(Revision.id)).all() == revisions


def test_the_vocabulary_comes_without_the_demonstration(database: Database) -> None:
    load_vocabulary(database.owner_url, progress=quiet)
    with writer(database.owner_url, "test") as connection:
        assert is_empty(connection, District)


def test_schematic_cells_are_drawn_for_the_county(database: Database) -> None:
    load_demonstration(database.owner_url, progress=quiet)
    with writer(database.owner_url, "test") as connection:
        drawn = connection.scalars(
            select(District.name).where(District.boundary_quality == "schematic")
        ).all()
    expected = {"Landkreis Mittelsachsen", "Sozialregion 1: Freiberg", "Jahnatal", "Freiberg"}
    assert expected <= set(drawn)
    assert len(drawn) == 1 + 7 + 54


@pytest.mark.parametrize("model", [Offering, District, Indicator, Measure, Strategy, Decision])
def test_slugs_are_distinct(model: type[Base]) -> None:
    slugs = [each["slug"] for each in rows(model)]
    assert len(set(slugs)) == len(slugs)
