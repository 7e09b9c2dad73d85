"""The reference page and the class say the same, and no setting gives a password away."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from api.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_has_the_row_of_every_setting(name: str) -> None:
    assert _row(name, Settings.model_fields[name]) in PAGE.read_text().splitlines()


def test_the_page_has_no_other_rows() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(Settings.model_fields)


def test_passwords_are_in_no_representation() -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://owner:hidden@host/name"),
        secret_key=SecretStr("hidden" * 6),
    )
    assert "hidden" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_passwords_are_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://owner:hidden@host/name")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "hidden" not in str(caught.value)


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert Settings() == Settings.model_construct()


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1,")
    proxies = [str(network) for network in Settings().trusted_proxies]
    assert proxies == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("http://localhost:8080/data/", "http://localhost:8080/data"),
    ],
)
def test_the_public_url_may_have_a_prefix(
    monkeypatch: pytest.MonkeyPatch, given: str, kept: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", given)
    assert Settings().public_url == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "example.org"),
        ("PUBLIC_URL", "ftp://example.org"),
        ("PUBLIC_URL", "https://me:secret@example.org"),
        ("PUBLIC_URL", "https://example.org/?a=b"),
        ("TRUSTED_PROXIES", "proxy.internal"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", f"{'long' * 8},short"),
        ("SECRET_KEY", f"{'long' * 8},"),
        ("PORT", "http"),
        ("POOL_SIZE", "0"),
        ("STATEMENT_TIMEOUT", "nan"),
        ("MAX_RADIUS", "inf"),
        ("LOG_FORMAT", "xml"),
        ("CATALOG_PUBLISHER_URL", "musterkreis.example"),
        ("CATALOG_CONTACT_EMAIL", "Frau Muster"),
        ("CATALOG_CONTRIBUTOR_ID", "musterkreis"),
        ("CATALOG_INDICATORS", "some"),
        ("CATALOG_FREQUENCY", "offerings"),
        ("CATALOG_FREQUENCY", "offerings=every week"),
        ("CATALOG_HVD", "districts=boundaries"),
        ("CATALOG_CODELISTS_LICENSE", "cc zero"),
        ("SECURITY_CONTACT", "somebody@example.org"),
        ("SECURITY_CONTACT", "mailto:a@example.org\nExpires: never"),
        ("SECURITY_POLICY", "mailto:a@example.org"),
        ("SECURITY_LANGUAGES", "de\nen"),
        ("SECURITY_LANGUAGES", "German, English!"),
    ],
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name.upper()}` | {_default(field)} | {_allowed(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    return "" if field.default in (None, ()) else f"`{field.default}`"


def _allowed(field: FieldInfo) -> str:
    if choices := [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]:
        return ", ".join(f"`{choice}`" for choice in choices)
    words = [_limit(limit) for limit in field.metadata]
    return ", ".join(word for word in words if word)


def _limit(limit: object) -> str:
    match limit:
        case Ge(ge=bound):
            return f"≥ {bound}"
        case Gt(gt=bound):
            return f"> {bound}"
        case Le(le=bound):
            return f"≤ {bound}"
    return ""


def test_what_is_said_of_datasets_is_a_list_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_FREQUENCY", "offerings=WEEKLY, districts = ANNUAL,")
    assert Settings().catalog_frequency == (("offerings", "WEEKLY"), ("districts", "ANNUAL"))
