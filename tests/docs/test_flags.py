"""The page of indicators has every status flag, and what it is elsewhere."""

from db.flags import MEANINGS, Meaning
from tests.docs.pages import DOCS

PAGE = DOCS / "reference" / "indicators.md"


def test_the_page_has_every_flag() -> None:
    table = "\n".join(_line(flag, meaning) for flag, meaning in MEANINGS.items())
    assert table in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} should have:\n\n{table}"


def _line(flag: str, meaning: Meaning) -> str:
    signs = (_cell(meaning.sign), _cell(meaning.mark))
    return " | ".join([f"| `{flag}`", meaning.obs_status, meaning.conf_status, *signs, ""]).rstrip()


def _cell(sign: str | None) -> str:
    return "`" + sign.replace("|", r"\|") + "`" if sign else ""
