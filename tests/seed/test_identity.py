"""Identifiers are the same everywhere and say nothing twice."""

import json
import re
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models.base import SLUG
from seed.identity import LONGEST, distinct_slug, entity_id, part_id, slugify, source_id


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Straße der Einheit 5", "strasse-der-einheit-5"),
        ("Großschirma", "grossschirma"),
        ("Kommunfullmäktige i Skåne", "kommunfullmaektige-i-skane"),
        ("Lichtenberg/Erzgeb.", "lichtenberg-erzgeb"),
        ("  Café „Übergang“, 2. OG ", "cafe-uebergang-2-og"),
        ("A\u0308rzte", "aerzte"),
    ],
)
def test_slugs_are_spelled_out(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text(max_size=300))
def test_every_text_has_a_valid_slug(text: str) -> None:
    slug = slugify(text)
    assert re.fullmatch(SLUG, slug)
    assert len(slug) <= LONGEST
    assert slugify(slug) == slug


@given(st.text(max_size=300), st.uuids())
def test_a_taken_slug_gets_a_suffix_of_its_own(text: str, identity: UUID) -> None:
    taken = slugify(text)
    slug = distinct_slug(text, identity, {taken})
    assert slug != taken
    assert re.fullmatch(SLUG, slug)
    assert len(slug) <= LONGEST
    assert distinct_slug(text, identity, {taken}) == slug
    assert distinct_slug(text, identity, set()) == taken


def test_ids_stay_what_they_are() -> None:
    """Changing this would give every imported row a new address."""
    expected = UUID("1842dde9-ea46-5a85-a533-f11052acda18")
    assert entity_id("offering", "quartier", "tafel") == expected


def test_table_source_and_key_cannot_be_mistaken_for_each_other() -> None:
    made = {
        entity_id("offering", "a", "b"),
        entity_id("site", "a", "b"),
        entity_id("offering", "b", "a"),
        entity_id("offering", 'a", "b', ""),
        source_id("a"),
        part_id(entity_id("offering", "a", "b"), "offering_term", 1),
    }
    assert len(made) == 6


@given(st.uuids(), st.text(), st.text())
def test_ids_are_made_of_json(owner: UUID, table: str, key: str) -> None:
    assert part_id(owner, table, key) == uuid5(owner, json.dumps([table, key], ensure_ascii=False))
