"""The files of seed/data: every row sourced, every code known, no person in them."""

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from sqlalchemy import CheckConstraint

from db.codes import (
    DECISIONS,
    FEASIBILITIES,
    FLAGS,
    IMPLEMENTATIONS,
    INDICATOR_TYPES,
    LEVELS,
    ORGANISATION_MODES,
    RESULTS,
    WHEELCHAIR,
    Recalculation,
    Suppression,
)
from db.models import Base, Codelist, CodelistTerm
from seed.files import DATA, read_csv, read_folder
from seed.vocabulary import read_vocabulary

LISTS = {file["name"]: file for file in read_folder("codelists")}

# Parts of names of officials whom the sources mention and the seed must not (SHA-256, shortened).
PEOPLE = frozenset(
    [
        "bc469a565d597962",
        "3fe321ab8ec46622",
        "548a57d96a23e54c",
        "514dec6a4e63318c",
        "81c37c3e560ad8be",
        "48c040075ef74833",
        "41b758d545b83d20",
        "ae1404f54311a04b",
        "53de1d7785686ffd",
        "58749caa6b0c7695",
        "a15a40d9bac89f61",
        "79abeca1eba52f0f",
        "e085a5cac74ec8d8",
        "a10ac3dcdcaa3a80",
        "de0de82ac6a33803",
        "9f9f7ee623b77689",
        "ce405a787365629a",
        "d6aeccd8944c7dd2",
        "81534ea73fe40623",
        "479862b62380ac0c",
        "de196a7d6c2c65b6",
        "85bff748b1d7b660",
        "e353349e2a7d0136",
        "92e467b5575ccd9b",
        "93dbfb11695aabd4",
        "f4a99fd28ae93a91",
        "07126d67510f02db",
    ]
)


def files() -> list[Path]:
    return sorted(path for path in DATA.rglob("*") if path.suffix in {".csv", ".yaml", ".md"})


def codes(name: str) -> set[str]:
    return {term["code"] for term in walk(LISTS[name]["terms"])}


def walk(terms: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for term in terms:
        yield term
        yield from walk(term.get("children", []))


def checked(table: str, column: str) -> set[str]:
    """The codes a CHECK constraint of the models allows."""
    constraints = Base.metadata.tables[f"registry.{table}"].constraints
    texts = [str(each.sqltext) for each in constraints if isinstance(each, CheckConstraint)]
    listed = next(text for text in texts if text.startswith(f"{column} IN ("))
    return set(re.findall(r"'([^']*)'", listed))


@pytest.mark.parametrize(
    ("codelist", "table", "column"),
    [
        ("level", "district", "level"),
        ("boundary_quality", "district", "boundary_quality"),
        ("precision", "site", "precision"),
        ("wheelchair", "site", "wheelchair"),
        ("organisation_mode", "offering", "organisation_mode"),
        ("organisation_mode", "offering", "intended_mode"),
        ("indicator_type", "indicator", "type"),
        ("aggregation", "indicator", "aggregation"),
        ("polarity", "indicator", "polarity"),
        ("decision", "measure", "decision"),
        ("feasibility", "measure", "feasibility"),
        ("implementation", "measure", "implementation"),
        ("disposition", "measure", "disposition"),
        ("result", "decision", "result"),
        ("milestone_state", "milestone", "state"),
        ("report_state", "report", "state"),
    ],
)
def test_status_lists_have_the_codes_of_the_database(
    codelist: str, table: str, column: str
) -> None:
    assert codes(codelist) == checked(table, column)


@pytest.mark.parametrize(
    ("codelist", "constant"),
    [
        ("level", LEVELS),
        ("observation_status", (*FLAGS, *get_args(Suppression), *get_args(Recalculation))),
        ("indicator_type", INDICATOR_TYPES),
        ("wheelchair", WHEELCHAIR),
        ("organisation_mode", ORGANISATION_MODES),
        ("decision", DECISIONS),
        ("feasibility", FEASIBILITIES),
        ("implementation", IMPLEMENTATIONS),
        ("result", RESULTS),
    ],
)
def test_status_lists_have_the_codes_of_the_models(
    codelist: str, constant: tuple[str, ...]
) -> None:
    assert codes(codelist) == set(constant)


@pytest.mark.parametrize("name", LISTS)
def test_every_term_has_a_code_and_three_labels(name: str) -> None:
    terms = list(walk(LISTS[name]["terms"]))
    assert len({term["code"] for term in terms}) == len(terms)
    for term in terms:
        assert re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", term["code"])
        assert all(term[key].strip() for key in ("label", "label@en", "label@sv")), term["code"]
        assert all(uri.startswith(("http://", "https://")) for uri in term.get("exact_match", []))


@pytest.mark.parametrize("name", ["category", "target_group"])
def test_categories_and_target_groups_have_two_levels(name: str) -> None:
    narrower = [child for term in LISTS[name]["terms"] for child in term.get("children", [])]
    assert narrower
    assert not any("children" in term for term in narrower)


def test_vocabulary_rows_are_distinct() -> None:
    vocabulary = read_vocabulary()
    for model, rows in ((Codelist, vocabulary.codelists), (CodelistTerm, vocabulary.terms)):
        assert len({row["id"] for row in rows}) == len(rows), model
    assert [row["code"] for row in vocabulary.languages] == ["de", "en", "sv", "de-x-ls"]
    assert [row["is_default"] for row in vocabulary.languages].count(True) == 1


def test_every_source_has_a_licence_that_allows_publication() -> None:
    for source in read_csv("sources.csv"):
        assert source["license"] in codes("license") - {"not_stated"}, source["slug"]
        assert source["license_url"]
        assert source["attribution"]
        assert source["publisher"]
        assert source["title"]


def test_every_row_names_a_source_and_every_source_is_used() -> None:
    known = {source["slug"] for source in read_csv("sources.csv")}
    rows: list[Any] = []
    for name in (
        "districts",
        "successions",
        "organisations",
        "offerings",
        "observations",
        "holidays",
    ):
        rows += read_csv(f"{name}.csv")
    for file in read_folder("strategies"):
        rows += [entry for section in file.values() for entry in section]
    used = {row["source"] for row in rows} | {"quartier"}
    assert used <= known
    assert known <= used


def test_no_file_names_a_person_or_a_personal_address() -> None:
    for path in files():
        text = path.read_text(encoding="utf-8")
        words = set(re.findall(r"\w+", text.lower()))
        found = {hashlib.sha256(word.encode()).hexdigest()[:16] for word in words}
        assert not found & PEOPLE, path
        assert not re.search(r"\w[\w.]*@[\w-]+\.\w", text), path


def test_texts_are_plain() -> None:
    for path in files():
        text = path.read_text(encoding="utf-8")
        assert "\x00" not in text, path
        assert "\r" not in text, path
        assert not re.search(r"</?[a-z][^>]*>|&[a-z]+;", text), path


def test_csv_rows_have_all_columns() -> None:
    for path in DATA.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            lengths = {len(row) for row in csv.reader(file)}
        assert len(lengths) == 1, path


def test_yaml_keys_are_not_repeated() -> None:
    """YAML lets a later key win silently."""
    for path in DATA.rglob("*.yaml"):
        for node in mappings(yaml.compose(path.read_text(encoding="utf-8"))):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), (path, keys)


def mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mappings(value)
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from mappings(item)
