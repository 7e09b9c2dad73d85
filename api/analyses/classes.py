"""Classes of a choropleth map: where they end, which one a value is in, and their colours."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from branca.utilities import color_brewer
from jenkspy import jenks_breaks

from db.codes import Method

DIGITS = 12
DEVIATIONS = np.arange(-4, 5)
BLACK, WHITE = "#000000", "#ffffff"


class TooFewValues(ValueError):  # noqa: N818 - reads as the state it reports
    """More classes were asked for than there are different values."""


@dataclass(frozen=True, slots=True)
class Classes:
    """`breaks` are the ends of the classes, one more than there are; each includes its upper end,
    the first one its lower end as well.
    """

    breaks: tuple[float, ...]
    colors: tuple[str, ...]

    @property
    def contrasts(self) -> tuple[str, ...]:
        """What can be read on each colour: black or white."""
        return tuple(map(contrast, self.colors))

    def index(self, value: float) -> int:
        return max(0, min(bisect_left(self.breaks, value) - 1, len(self.colors) - 1))

    def counts(self, values: Sequence[float]) -> list[int]:
        found = [self.index(value) for value in values]
        return [found.count(index) for index in range(len(self.colors))]


def classified(
    values: Sequence[float], method: Method, classes: int, scheme: str, *, strict: bool = True
) -> Classes:
    """The classes of some values. Not strict: as many of them as there are different values.

    Quantiles that fall on the same value, and standard deviations beyond all values, make fewer.
    """
    different = len(set(values))
    if not different:
        raise TooFewValues("there is no value to be classified")
    if classes > different and strict:
        raise TooFewValues(f"there are only {different} different values")
    breaks = _breaks(np.sort(np.asarray(values, float)), method, min(classes, different))
    return Classes(breaks, colors(scheme, len(breaks) - 1))


def _breaks(values: np.ndarray, method: Method, classes: int) -> tuple[float, ...]:
    least, most = float(values[0]), float(values[-1])
    if classes == 1 or least == most:
        return least, most
    match method:
        case "jenks":
            found = [float(each) for each in jenks_breaks(values, n_classes=classes)[1:-1]]
        case "equal":
            found = _plain(np.linspace(least, most, classes + 1))
        case "quantile":
            found = _plain(np.quantile(values, np.linspace(0, 1, classes + 1)))
        case "stddev":
            found = _plain(values.mean() + DEVIATIONS * values.std())
    return least, *sorted({each for each in found if least < each < most}), most


def _plain(breaks: np.ndarray) -> list[float]:
    """Without the noise of binary arithmetic, which nobody wants to read in a legend."""
    return [float(f"{each:.{DIGITS}g}") for each in breaks]


@cache  # the library reads three files at each call
def colors(scheme: str, number: int) -> tuple[str, ...]:
    """Of a ColorBrewer scheme, light to dark; the schemes themselves begin with three colours."""
    found = color_brewer(scheme, n=max(3, number))
    picked = {1: [1], 2: [0, 2]}.get(number, range(number))
    return tuple(found[index].lower() for index in picked)


@cache
def contrast(color: str) -> str:
    """Black or white, whichever differs more (WCAG 2.2, contrast ratio)."""
    light = luminance(color)
    return BLACK if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else WHITE


def luminance(color: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
