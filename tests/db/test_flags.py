"""Flags in the languages of statistics."""

from dataclasses import asdict
from typing import get_args

import pytest
from starlette.testclient import TestClient

from db.codes import FLAGS, Recalculation, Suppression
from db.flags import MEANINGS, sdmx, sign


def test_every_flag_has_a_meaning() -> None:
    assert set(MEANINGS) == {*FLAGS, *get_args(Suppression), *get_args(Recalculation)}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["final"], ("A", "F")),
        (["provisional", "break"], ("B", "F")),
        (["revised"], ("A", "F")),
        (["forecast", "low_reliability"], ("F", "F")),
        (["suppressed"], ("Q", "C")),
        (["provisional", "suppressed", "suppressed_primary"], ("Q", "C")),
        (["suppressed", "suppressed_secondary"], ("Q", "D")),
        (["not_available"], ("O", "F")),
        (["not_applicable"], ("M", "F")),
        (["final", "rounded_to_zero"], ("N", "F")),
    ],
)
def test_sdmx_has_one_status_and_says_why_a_value_is_confidential(
    flags: list[str], expected: tuple[str, str]
) -> None:
    assert sdmx(flags) == expected


@pytest.mark.parametrize(
    ("flags", "value", "expected"),
    [
        (["final"], 12.5, ""),
        (["final"], 0, "–"),
        (["final", "rounded_to_zero"], 0, "0"),
        (["provisional", "revised"], 3, "p r"),
        (["low_reliability"], 3, "( )"),
        (["low_reliability", "not_available"], None, "/"),
        (["suppressed", "suppressed_secondary"], None, "."),
        (["not_available"], None, "…"),
        (["not_applicable"], None, "x"),
    ],
)
def test_german_tables_have_a_sign_in_place_of_a_number_or_beside_it(
    flags: list[str], value: float | None, expected: str
) -> None:
    assert sign(flags, value) == expected


def test_the_codelist_says_so_too(demo_client: TestClient) -> None:
    terms = demo_client.get("/v1/codelists/observation_status").json()["terms"]
    found = {term["code"]: term["notations"] for term in terms}
    assert found == {flag: asdict(meaning) for flag, meaning in MEANINGS.items()}
    assert demo_client.get("/v1/codelists/sex").json()["terms"][0]["notations"] is None
