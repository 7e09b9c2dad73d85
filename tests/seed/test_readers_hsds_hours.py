"""Opening hours from HSDS schedules: a string where it is certain, words where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.opening.hours import is_valid
from db.opening.schedules import schedules
from seed.readers.formats import open_file
from seed.readers.hsds_hours import opening_hours, opening_note

Schedule = dict[str, Any]


def weekly(days: str, opens: str = "08:00", closes: str = "16:00", **others: Any) -> Schedule:
    return {"freq": "WEEKLY", "byday": days, "opens_at": opens, "closes_at": closes, **others}


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([weekly("MO,TU,WE,TH,FR")], "Mo-Fr 08:00-16:00"),
        ([weekly("SA", "10:00:00", "24:00")], "Sa 10:00-24:00"),
        ([weekly("MO", "08:00", "12:00"), weekly("MO", "13:00", "16:00")],
         "Mo 08:00-12:00,13:00-16:00"),
        ([weekly("MO"), weekly("TU"), weekly("TH")], "Mo-Tu 08:00-16:00; Th 08:00-16:00"),
        ([weekly("MO", interval=1), weekly("SU", wkst="MO", id="x")],
         "Mo 08:00-16:00; Su 08:00-16:00"),
        ([{"description": "Mo-Fr 08:00-16:00; PH off"}], "Mo-Fr 08:00-16:00; PH off"),
        ([weekly("MO", description="Mo 08:00-16:00; PH off")], "Mo 08:00-16:00; PH off"),
    ],
)  # fmt: skip
def test_what_is_certain(stated: list[Schedule], expected: str) -> None:
    assert opening_hours(stated) == expected
    assert is_valid(expected)


@pytest.mark.parametrize(
    "stated",
    [
        [],
        [weekly("MO", interval=2)],
        [weekly("2MO")],
        [weekly("MO", valid_from="2026-01-01")],
        [weekly("MO", until="2026-12-31")],
        [weekly("MO", dtstart="2026-12-31")],
        [weekly("MO", timezone=3)],
        [weekly("MO", "22:00", "02:00")],
        [weekly("MO", "09:00-05:00", "17:00-05:00")],
        [weekly("MO", "9:00am", "5:00pm")],
        [weekly("")],
        [weekly("MO") | {"freq": "MONTHLY"}],
        [weekly("MO"), {"description": "nach Vereinbarung"}],
        [{"description": "nach Vereinbarung"}],
    ],
)
def test_what_is_not_certain_is_no_string(stated: list[Schedule]) -> None:
    assert opening_hours(stated) is None


@pytest.mark.parametrize(
    "hours",
    ["Mo-Fr 08:00-12:00,13:00-16:00; PH off", "24/7", "2026 Dec 24 off; Mo-Su 10:00-18:00",
     "week 1-53/2 Mo 10:00-12:00", "22:00-02:00", 'Mo 10:00-12:00 "nach Anmeldung"'],
)  # fmt: skip
def test_our_own_schedules_give_their_string_back(hours: str) -> None:
    assert opening_hours(schedules(hours)) == hours
    assert not opening_note(schedules(hours))


def test_words_are_a_note() -> None:
    stated = [weekly("MO", description="montags", notes="außer im August"), weekly("TU")]
    assert opening_note(stated) == "montags\naußer im August"
    assert opening_hours(stated) == "Mo-Tu 08:00-16:00"


days = st.lists(
    st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, unique=True
)
hour = st.integers(0, 23)


@given(st.lists(st.tuples(days, hour, hour).filter(lambda each: each[1] < each[2]), max_size=4))
def test_whatever_is_made_is_an_osm_string(rules: list[tuple[list[str], int, int]]) -> None:
    made = opening_hours(
        [weekly(",".join(on), f"{begins:02}:00", f"{ends:02}:30") for on, begins, ends in rules]
    )
    assert made is None if not rules else is_valid(made or "")


# --- in a service --------------------------------------------------------------------------------


def locations(tmp_path: Path, service: dict[str, Any]) -> list[dict[str, Any]]:
    whole = {"id": "s1", "name": "Beratung", "status": "active", "organization": {"id": "o1"}}
    file = tmp_path / "service.json"
    file.write_text(json.dumps(whole | service), encoding="utf-8")
    (record,) = open_file(file).table("services").records()
    found: list[dict[str, Any]] = record.properties["locations"]
    return found


def test_hours_of_the_service_there_count_before_those_of_the_house(tmp_path: Path) -> None:
    house = {"id": "l1", "schedules": [weekly("SU")]}
    there = {"id": "a1", "location": house, "schedules": [weekly("MO")]}
    (found,) = locations(tmp_path, {"service_at_locations": [there]})
    assert found["opening_hours"] == "Mo 08:00-16:00"


@pytest.mark.parametrize(("number", "expected"), [(1, "We 08:00-16:00"), (2, None)])
def test_hours_of_a_service_are_those_of_its_only_location(
    number: int, expected: str | None, tmp_path: Path
) -> None:
    there = [{"id": f"a{each}", "location": {"id": f"l{each}"}} for each in range(number)]
    service = {"schedules": [weekly("WE")], "service_at_locations": there}
    assert [each["opening_hours"] for each in locations(tmp_path, service)] == [expected] * number


def test_a_line_that_repeats_the_town_is_no_street(tmp_path: Path) -> None:
    def at(line: str) -> dict[str, Any]:
        address = {"address_1": line, "city": "Freiberg", "address_type": "physical"}
        return {"id": line, "location": {"id": line, "addresses": [address]}}

    found = locations(tmp_path, {"service_at_locations": [at("Freiberg"), at("Markt 1")]})
    assert [each["address"]["street"] for each in found] == [None, "Markt 1"]


def test_a_place_that_is_nowhere_is_kept_without_and_told(tmp_path: Path) -> None:
    there = {"id": "a1", "location": {"id": "l1", "latitude": 100, "longitude": 13}}
    (found,) = locations(tmp_path, {"service_at_locations": [there]})
    assert (found["latitude"], found["longitude"]) == (None, None)
    (record,) = open_file(tmp_path / "service.json").table("services").records()
    assert record.remark == "location l1: latitude 100, longitude 13 is nowhere on earth"
