"""What is said of a cube as a whole: title, sources, citation, notes, a sentence."""

from collections import Counter
from typing import Any

from api.analyses.reading import SPOKEN, citation_of
from api.analyses.sentences import Said, rest, sentence
from api.cube import texts
from api.cube.model import Cube, Period


def title(cube: Cube) -> str:
    """The indicator's, or how many there are."""
    labels = [metric.label for metric in cube.metrics]
    if len(labels) > 1:
        return texts.said(texts.SEVERAL, cube.lang).format(count=len(labels))
    return labels[0] if labels else texts.said(texts.NOTHING, cube.lang)


def notes(cube: Cube) -> list[str]:
    """What a reader has to know, in the language of the cube."""
    if not cube.doubled:
        return []
    return [texts.said(texts.DOUBLED, cube.lang).format(count=cube.doubled)]


def license_of(cube: Cube) -> str | None:
    """The licence of all sources, if they have the same."""
    found = {source["license"] for source in cube.sources}
    return found.pop() if len(found) == 1 else None


def attribution(cube: Cube) -> list[str]:
    return list(dict.fromkeys(source["attribution"] for source in cube.sources))


def citation(cube: Cube) -> str:
    """As the one indicator states it, else made of the sources."""
    stated = {metric.citation for metric in cube.metrics}
    alone = stated.pop() if len(stated) == 1 else None
    return alone or citation_of(cube.sources)


def counted(cube: Cube) -> dict[str, int]:
    """How many observations show a value, and how many hide it."""
    hidden = sum("suppressed" in mark.flags for mark in cube.marks.values())
    shown = sum(value is not None for value in cube.cells.values())
    return {"published": shown, "suppressed": hidden}


def reason(cube: Cube) -> str | None:
    """Why there is nothing to see, if so, as the analyses call it."""
    counts = counted(cube)
    if not cube.cells:
        return "no_observations"
    if counts["published"]:
        return None
    return "all_suppressed" if counts["suppressed"] == len(cube.cells) else "no_values"


def spoken(cube: Cube) -> dict[str, str]:
    """The cube in a sentence, in German and English."""
    called = {lang: {"title": _called(cube, lang)} for lang in SPOKEN}
    return sentence(called, _said(cube))


def _called(cube: Cube, lang: str) -> str:
    titles = cube.titles.get(lang, ())
    if len(titles) == 1:
        return titles[0]
    return texts.said(texts.SEVERAL, lang).format(count=len(titles))


def _said(cube: Cube) -> list[Said]:
    counts, why = counted(cube), reason(cube)
    if not cube.cells:
        return [Said("no_observations")]
    about = Said("about_all")
    if why:
        return [about, Said(why)]
    values: dict[str, Any] = {
        "count": counts["published"],
        "districts": len(cube.of("geo").categories),
        "period": _span(cube),
    }
    return [about, Said("cube", values), *rest(Counter(counts))]


def _span(cube: Cube) -> dict[str, str]:
    """From the first period to the last one, as EDTF has it; what nobody dated is left out."""
    dated = [
        period
        for period in cube.of("time").categories
        if isinstance(period, Period) and period.latest
    ]
    if not dated:
        return {"edtf": "XXXX"}
    first, last = dated[0].code.split("/")[0], dated[-1].code.split("/")[-1]
    return {"edtf": first if first == last else f"{first}/{last}"}
