"""What a status flag is in the languages of statistics: SDMX, and the signs of German tables.

SDMX: code lists CL_OBS_STATUS 2.2 and CL_CONF_STATUS 1.2. Signs: those of the statistical offices
of Germany, of which `.` hides a number as well as it says that nobody knows it.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

FREE = "F"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`sign` stands in place of a number that is not there, `mark` beside one that is."""

    obs_status: str
    conf_status: str = FREE
    sign: str | None = None
    mark: str | None = None


MEANINGS: dict[str, Meaning] = {
    "suppressed_primary": Meaning("Q", "C", "."),
    "suppressed_secondary": Meaning("Q", "D", "."),
    "suppressed": Meaning("Q", "C", "."),
    "not_applicable": Meaning("M", sign="x"),
    "not_available": Meaning("O", sign="…"),
    "break": Meaning("B", mark="|"),
    "forecast": Meaning("F"),
    "estimated": Meaning("E", mark="s"),
    "provisional": Meaning("P", mark="p"),
    "low_reliability": Meaning("U", sign="/", mark="( )"),
    "rounded_to_zero": Meaning("N", mark="0"),
    "revised": Meaning("A", mark="r"),
    "final": Meaning("A"),
    "recalculated": Meaning("A"),
}
"""Of several flags the first one here decides: SDMX has one status for a value."""

NOTHING = "–"
_IN_PLACE = ("suppressed", "not_applicable", "low_reliability", "not_available")


def sdmx(flags: Collection[str]) -> tuple[str, str]:
    """OBS_STATUS and CONF_STATUS of a value."""
    meaning = next(meaning for flag, meaning in MEANINGS.items() if flag in flags)
    return meaning.obs_status, meaning.conf_status


def sign(flags: Collection[str], value: float | None = None) -> str:
    """The sign in place of a value that is not there, or the signs beside one; empty for none."""
    if value is None:
        return next((MEANINGS[flag].sign or "" for flag in _IN_PLACE if flag in flags), "")
    marks = [each.mark for flag, each in MEANINGS.items() if flag in flags and each.mark]
    if value == 0 and "rounded_to_zero" not in flags:
        marks.insert(0, NOTHING)
    return " ".join(marks)


def notations() -> list[dict[str, Any]]:
    """What the codelist of the flags says of each."""
    return [{"code": flag, **asdict(meaning)} for flag, meaning in MEANINGS.items()]
