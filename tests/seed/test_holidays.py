"""Holidays from a file: taken as a whole or not at all, and those of the demonstration set."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import holidays
import psycopg
import pytest

from db.publication import publish
from seed.demonstration.holidays import holiday_batch
from seed.holidays import FileRefused, Taken, import_holidays
from seed.load import load_vocabulary
from seed.sources import set_source
from tests.databases import Database

HEAD = "region,kind,name,first_day,last_day,source\n"
SUMMER = "DE-SN,school,Sommerferien,2030-07-13,2030-08-23,Kultusministerkonferenz\n"
ONE_DAY = "SE-O/1495,school,Studiedag,2026-10-26,,Skara kommun\n"


def take(database: Database, folder: Path, text: str, *, snapshot: bool = False) -> Taken:
    file = folder / "holidays.csv"
    file.write_text(text, encoding="utf-8")
    return import_holidays(database.owner_url, file, snapshot=snapshot, actor="test")


def there(database: Database, schema: str = "registry") -> set[tuple[str, date, date]]:
    with psycopg.connect(database.owner_url) as connection:
        query = f"SELECT region, first_day, last_day FROM {schema}.holiday"
        return set(connection.execute(query).fetchall())


def test_a_file_is_taken_and_taken_again(database: Database, tmp_path: Path) -> None:
    taken = take(database, tmp_path, HEAD + SUMMER + ONE_DAY)
    assert (taken.counts.new, taken.removed) == (2, 0)
    assert taken.new_sources == ("kultusministerkonferenz", "skara-kommun")
    assert there(database) == {
        ("DE-SN", date(2030, 7, 13), date(2030, 8, 23)),
        ("SE-O/1495", date(2026, 10, 26), date(2026, 10, 26)),
    }
    again = take(database, tmp_path, "\ufeff" + (HEAD + SUMMER + ONE_DAY).replace(",", ";"))
    assert (again.counts.new, again.counts.changed, again.new_sources) == (0, 0, ())


def test_a_snapshot_removes_what_its_sources_no_longer_have(
    database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, HEAD + SUMMER + ONE_DAY)
    later = SUMMER.replace("2030", "2031")
    assert take(database, tmp_path, HEAD + later, snapshot=True).removed == 1
    assert {region for region, *_ in there(database)} == {"DE-SN", "SE-O/1495"}


def test_they_are_published_once_their_licence_is_stated(
    database: Database, tmp_path: Path
) -> None:
    load_vocabulary(database.owner_url, progress=lambda _: None)
    take(database, tmp_path, HEAD + SUMMER)
    publish(database.owner_url)
    assert there(database, "published") == set()
    assignments = ["license=cc-zero"]
    set_source(database.owner_url, "kultusministerkonferenz", assignments, actor="test")
    publish(database.owner_url)
    assert len(there(database, "published")) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Sachsen,school,Ferien,2026-01-01,2026-01-02,x", "no region"),
        ("DE-SN,bank,Ferien,2026-01-01,2026-01-02,x", "'bank' is none of public, school"),
        ("DE-SN,school,,2026-01-01,2026-01-02,x", "name is missing"),
        ("DE-SN,school,Ferien,2026-01-01,2026-01-02,", "source is missing"),
        ("DE-SN,school,Ferien,1.1.2026,2026-01-02,x", "are dates"),
        ("DE-SN,school,Ferien,2026-01-03,2026-01-02,x", "ends before it begins"),
        ("DE-SN,school,Ferien", "source is missing"),
    ],
)
def test_a_wrong_row_refuses_the_file(
    database: Database, tmp_path: Path, row: str, reason: str
) -> None:
    with pytest.raises(FileRefused, match=f"line 3: .*{reason}"):
        take(database, tmp_path, HEAD + SUMMER + row + "\n")
    assert there(database) == set()


def test_a_file_without_its_columns_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="has no column kind, name"):
        take(database, tmp_path, "region,first_day,last_day,source\n")
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + "Höstlov".encode("latin-1"))
    with pytest.raises(FileRefused, match="UTF-8"):
        import_holidays(database.owner_url, tmp_path / "latin.csv", snapshot=False, actor="test")


@pytest.mark.parametrize("state", ["SN", "NW", "NI", "SH"])
def test_the_demonstration_set_has_the_school_holidays_of_four_states(state: str) -> None:
    """A package that a test has anyway lists them, too."""
    rows = [row for row in holiday_batch().rows if row["region"] == f"DE-{state}"]
    ours = {
        date.fromordinal(day)
        for row in rows
        for day in range(row["first_day"].toordinal(), row["last_day"].toordinal() + 1)
    }
    theirs = holidays.country_holidays(
        "DE", subdiv=state, years=range(2025, 2029), categories="school"
    )
    assert {day for day in ours if 2025 <= day.year < 2029} == set(theirs)
    inner = [row for row in rows if 2025 <= row["first_day"].year < 2029]
    assert all((b["first_day"] - a["last_day"]).days < 150 for a, b in pairwise(inner))
