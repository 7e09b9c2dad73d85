"""Territorial reforms: which district a key stands for at a date."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.keys import UnclearKeyError
from seed.reforms import Reforms, Succession

REFORM = date(2023, 1, 1)
OSTRAU, ZSCHAITZ, JAHNATAL = "14522450", "14522620", "14522275"
MERGER = Reforms([Succession(OSTRAU, JAHNATAL, REFORM), Succession(ZSCHAITZ, JAHNATAL, REFORM)])


def on(year: int) -> date:
    return date(year, 1, 1)


@pytest.mark.parametrize("key", [OSTRAU, ZSCHAITZ])
def test_a_merged_municipality_is_itself_until_the_reform(key: str) -> None:
    assert MERGER.valid_at(key, date(2022, 12, 31)) == key
    assert MERGER.valid_at(key, REFORM) == JAHNATAL
    assert MERGER.valid_at(key, on(2030)) == JAHNATAL


def test_the_merged_one_is_not_taken_back_into_its_parts() -> None:
    """Figures are often worked out backwards for the territory of today."""
    assert MERGER.valid_at(JAHNATAL, on(2010)) == JAHNATAL
    assert MERGER.valid_at(JAHNATAL, on(2025)) == JAHNATAL


def test_others_are_themselves() -> None:
    assert MERGER.valid_at("14522180", on(2025)) == "14522180"
    assert Reforms([]).valid_at("14522180", on(2025)) == "14522180"


def test_chains_are_followed_as_far_as_the_date() -> None:
    chain = Reforms(
        [
            Succession("c", "d", on(2020)),
            Succession("a", "b", on(2000)),
            Succession("b", "c", on(2010)),
        ]
    )
    years = (1999, 2000, 2009, 2010, 2019, 2020)
    assert [chain.valid_at("a", on(year)) for year in years] == ["a", "b", "b", "c", "c", "d"]


def test_reforms_of_one_day_are_followed_through() -> None:
    chain = Reforms([Succession("a", "b", REFORM), Succession("b", "c", REFORM)])
    assert chain.valid_at("a", REFORM) == "c"


def test_a_key_that_was_given_again_is_not_mixed_up() -> None:
    again = Reforms([Succession("a", "b", on(2000)), Succession("b", "a", on(2010))])
    years = (1990, 2005, 2015)
    assert [again.valid_at("a", on(year)) for year in years] == ["a", "b", "a"]


def test_a_circle_is_refused() -> None:
    circle = Reforms([Succession("a", "b", REFORM), Succession("b", "a", REFORM)])
    with pytest.raises(UnclearKeyError, match="round in a circle"):
        circle.valid_at("a", REFORM)


def test_a_divided_district_is_refused_from_then_on() -> None:
    for shares in ((Decimal("0.6"), Decimal("0.4")), (Decimal(1), Decimal(1))):
        divided = Reforms(
            [Succession("a", part, REFORM, share) for part, share in zip("cb", shares, strict=True)]
        )
        assert divided.valid_at("a", date(2022, 12, 31)) == "a"
        with pytest.raises(UnclearKeyError, match=r"a was divided on 2023-01-01 \(b, c\): name"):
            divided.valid_at("a", REFORM)


def test_a_district_that_gave_a_part_away_stays() -> None:
    ceded = [Succession("a", "b", on(2000), Decimal("0.1")), Succession("a", "c", on(2010))]
    assert Reforms(ceded).valid_at("a", on(2005)) == "a"
    assert Reforms(ceded).valid_at("a", on(2015)) == "c"


@given(
    st.permutations([Succession(f"{n}", f"{n + 1}", on(2000 + n)) for n in range(9)]),
    st.integers(0, 9),
    st.integers(1990, 2020),
)
def test_the_order_of_the_reforms_does_not_matter(
    reforms: list[Succession], start: int, year: int
) -> None:
    expected = max(start, min(9, year - 2000 + 1))
    assert Reforms(reforms).valid_at(str(start), on(year)) == str(expected)
