"""The import of organisations, codelists, indicators, observations and measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import yaml

from seed.imports.engine import Order, import_files
from seed.report import FileReport
from tests.databases import Database

SOURCE = {
    "slug": "quelle",
    "title": "Quelle",
    "publisher": "Landkreis",
    "license": "cc-zero",
    "attribution": "Landkreis",
}
PEOPLE = {
    "slug": "einwohner",
    "title": "Einwohner",
    "unit": "Personen",
    "type": "count",
    "aggregation": "sum",
}


class Registry:
    """The demonstration set, a file and its mapping."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    def take(self, resource: str, content: str, suffix: str = "csv", **rules: Any) -> FileReport:
        mapping = self._folder / "mapping.yaml"
        stated = {"resource": resource, "title": "Test", "source": SOURCE} | rules
        mapping.write_text(yaml.safe_dump(stated, allow_unicode=True), encoding="utf-8")
        file = self._folder / f"file.{suffix}"
        file.write_text(content, encoding="utf-8")
        return import_files(self.url, [file], Order(resource, str(mapping))).files[0]

    def all(self, query: LiteralString) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            rows = connection.execute(query).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]


@pytest.fixture
def registry(own_demo_database: Database, tmp_path: Path) -> Registry:
    return Registry(own_demo_database.owner_url, tmp_path)


def test_organisations_find_their_parents_in_the_same_file(registry: Registry) -> None:
    """Whichever comes first."""
    report = registry.take(
        "organisations",
        "id,name,parent\n2,Ortsverein Probe,1\n1,Verband Probe,\n",
        key="id",
        fields={"name": "name", "parent": "parent"},
    )
    assert (report.new, report.rejected, report.flagged) == (2, 0, 0)
    assert registry.all(
        "SELECT c.name, p.name FROM registry.organisation c "
        "JOIN registry.organisation p ON p.id = c.parent_id WHERE c.name LIKE '%Probe'"
    ) == [("Ortsverein Probe", "Verband Probe")]


def test_terms_are_added_to_a_list_below_their_parents(registry: Registry) -> None:
    report = registry.take(
        "codelists",
        "liste;code;oben;name\ncategory;sauna;baths;Sauna\ncategory;baths;;Bäder\n",
        fields={"codelist": "liste", "code": "code", "parent": "oben", "label": "name"},
    )
    assert (report.new, report.rejected) == (2, 0)
    assert registry.all(
        "SELECT t.code, p.code FROM registry.codelist_term t "
        "JOIN registry.codelist_term p ON p.id = t.parent_id WHERE t.code = 'sauna'"
    ) == [("sauna", "baths")]


def test_a_table_with_years_for_columns(registry: Registry) -> None:
    report = registry.take(
        "observations",
        "AGS;Name;2021;2022\n14522180;Freiberg;39.721;40.485\n14522080;Döbeln;.;\n",
        fields={
            "indicator": {"constant": "einwohner"},
            "district": "AGS",
            "period": "jahr",
            "value": "wert",
        },
        indicators=[PEOPLE],
        conventions={"decimal": ",", "thousands": "."},
        unpivot={"columns": r"\d{4}", "into": "jahr", "value": "wert"},
    )
    assert (report.new, report.rejected) == (3, 0)
    assert registry.all(
        "SELECT d.name, o.period, o.value::text, o.flags FROM registry.observation o "
        "JOIN registry.indicator i ON i.id = o.indicator_id "
        "JOIN registry.district d ON d.id = o.district_id "
        "WHERE i.slug = 'einwohner' ORDER BY d.name, o.period"
    ) == [
        ("Döbeln", "2021", None, ["suppressed"]),
        ("Freiberg", "2021", "39721", ["final"]),
        ("Freiberg", "2022", "40485", ["final"]),
    ]


def test_what_is_too_unsure_to_be_shown_says_so(registry: Registry) -> None:
    report = registry.take(
        "observations",
        "ags,wert,status\n14522180,/,\n14522080,,low_reliability\n",
        fields={
            "indicator": {"constant": "einwohner"},
            "district": "ags",
            "period": {"constant": 2022},
            "value": "wert",
            "flags": "status",
        },
        indicators=[PEOPLE],
        conventions={"official": True},
    )
    assert (report.new, report.rejected) == (2, 0)
    assert (
        registry.all(
            "SELECT o.value, o.flags FROM registry.observation o "
            "JOIN registry.indicator i ON i.id = o.indicator_id WHERE i.slug = 'einwohner'"
        )
        == [(None, ["low_reliability", "not_available"])] * 2
    )


@pytest.mark.parametrize(("year", "district"), [("2022", "Ostrau"), ("2023", "Jahnatal")])
def test_a_merged_municipality_counts_for_its_successor_afterwards(
    registry: Registry, year: str, district: str
) -> None:
    registry.take(
        "observations",
        f"AGS,jahr,wert\n14522450,{year},3500\n",
        fields={
            "indicator": {"constant": "einwohner"},
            "district": "AGS",
            "period": "jahr",
            "value": "wert",
        },
        indicators=[PEOPLE],
    )
    assert registry.all(
        "SELECT d.name FROM registry.observation o JOIN registry.district d "
        "ON d.id = o.district_id JOIN registry.indicator i ON i.id = o.indicator_id "
        "WHERE i.slug = 'einwohner'"
    ) == [district]


def test_breakdowns_are_cells_of_their_own(registry: Registry) -> None:
    report = registry.take(
        "observations",
        "ags,jahr,sex,wert\n14522180,2022,Weiblich,20000\n14522180,2022,m,20485\n"
        "14522180,2022,x,1\n14522180,2022,,40485\n",
        fields={
            "indicator": {"constant": "einwohner"},
            "district": "ags",
            "period": "jahr",
            "value": "wert",
        },
        indicators=[PEOPLE],
        breakdowns={"sex": "sex"},
    )
    assert (report.new, report.rejected) == (4, 0)
    # a label is as good as its code; what the codelist does not have stays as it is
    assert registry.all(
        "SELECT o.breakdowns, o.value::int FROM registry.observation o JOIN registry.indicator i "
        "ON i.id = o.indicator_id WHERE i.slug = 'einwohner' ORDER BY value"
    ) == [({"sex": "x"}, 1), ({"sex": "f"}, 20000), ({"sex": "m"}, 20485), ({}, 40485)]


def test_a_row_of_a_tree_has_what_is_above_it(registry: Registry) -> None:
    rows = "id;ueber;name\n1;;Verein\n2;1;Beratung\n3;9;Treff\n4;2;Sprechstunde\n"
    report = registry.take(
        "offerings",
        rows,
        tree={"id": "id", "parent": "ueber"},
        key="id",
        fields={"name": "name", "organisation": "^.name"},
    )
    assert (report.new, report.rejected, report.flagged) == (4, 0, 0)
    assert [each.reason for each in report.findings if "not taken" in each.reason] == []
    assert registry.all(
        "SELECT o.name, p.name FROM registry.offering o JOIN registry.source s "
        "ON s.id = o.source_id AND s.slug = 'quelle' LEFT JOIN registry.organisation p "
        "ON p.id = o.organisation_id ORDER BY o.external_key"
    ) == [
        ("Verein", None),
        ("Beratung", "Verein"),
        ("Treff", None),
        ("Sprechstunde", "Beratung"),
    ]


def test_measures_with_their_statements_from_nested_json(registry: Registry) -> None:
    measures = [
        {
            "nr": "M1",
            "titel": "Treffpunkt",
            "stand": "läuft",
            "berichte": [{"jahr": 2021, "text": "Begonnen."}, {"jahr": 2022, "text": "Läuft."}],
        }
    ]
    report = registry.take(
        "measures",
        json.dumps({"massnahmen": measures}),
        "json",
        file={"records": "$.massnahmen[*]"},
        key="nr",
        fields={
            "strategy": {"constant": "Plan für Quartiere"},
            "title": "titel",
            "decision": {"constant": "adopted"},
            "implementation": {"column": "stand", "values": {"läuft": "in_progress"}},
        },
        parts={
            "statements": {
                "records": "berichte",
                "key": "jahr",
                "fields": {"kind": {"constant": "report"}, "text": "text", "date": "jahr"},
            }
        },
    )
    assert (report.new, report.rejected, report.flagged) == (1, 0, 0)
    assert registry.all(
        "SELECT s.title, m.implementation, t.date, t.text FROM registry.statement t "
        "JOIN registry.measure m ON m.id = t.measure_id "
        "JOIN registry.strategy s ON s.id = m.strategy_id "
        "WHERE m.external_key = 'M1' ORDER BY t.position"
    ) == [
        ("Plan für Quartiere", "in_progress", "2021", "Begonnen."),
        ("Plan für Quartiere", "in_progress", "2022", "Läuft."),
    ]
