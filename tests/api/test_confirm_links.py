"""Tokens of confirm links: whose they are, for how long, and with which key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.confirm_links import ConfirmLinks, LinkExpired, LinkForged, LinkRefused

OLD, NEW = "old" * 16, "new" * 16
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=90)


@given(st.uuids(), st.integers(0, 4_000_000_000))
def test_a_token_names_its_organisation_until_it_expires(organisation: UUID, end: int) -> None:
    links, expires = ConfirmLinks(NEW), datetime.fromtimestamp(end, UTC)
    token = links.token(organisation, expires)
    assert links.organisation(token, expires) == organisation
    with pytest.raises(LinkExpired, match=str(expires.date())):
        links.organisation(token, expires + timedelta(seconds=1))


def test_tokens_can_stand_in_a_path() -> None:
    token = ConfirmLinks(NEW).token(uuid4(), SOON)
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert len(token) < 150


def test_keys_are_replaced_one_after_the_other() -> None:
    """The first signs; the old one is known for as long as links with it are out."""
    organisation = uuid4()
    old, both, new = ConfirmLinks(OLD), ConfirmLinks(f"{NEW}, {OLD}"), ConfirmLinks(NEW)
    assert both.organisation(old.token(organisation, SOON), NOW) == organisation
    assert new.organisation(both.token(organisation, SOON), NOW) == organisation
    with pytest.raises(LinkForged):
        new.organisation(old.token(organisation, SOON), NOW)


@given(st.text(max_size=200))
@example("")
@example(".")
@example("a.b.c")
@example("\ud800")
@example("\0")
def test_what_was_not_signed_here_is_refused(token: str) -> None:
    with pytest.raises(LinkForged):
        ConfirmLinks(NEW).organisation(token, NOW)


@given(st.integers(min_value=0), st.characters())
def test_a_token_that_was_changed_names_nobody_else(place: int, character: str) -> None:
    links, organisation = ConfirmLinks(NEW), UUID(int=7)
    token = links.token(organisation, SOON)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    try:
        assert links.organisation(changed, NOW) == organisation  # unused bits of base64
    except LinkRefused:
        assert changed != token
