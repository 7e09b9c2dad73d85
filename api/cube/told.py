"""What is said of a cube as a whole: title, sources, citation, notes, a sentence."""

from api import observed
from api.analyses.reading import SPOKEN, citation_of
from api.analyses.sentences import sentence
from api.cube import texts
from api.cube.model import Cube, Period
from db.observed import Extent


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


def reason(cube: Cube) -> str | None:
    """Why there is nothing to see, if so, as the analyses call it."""
    return observed.reason(_extent(cube))


def spoken(cube: Cube) -> dict[str, str]:
    """The cube in a sentence, in German and English."""
    district = next((each.label for each in cube.of("geo").categories), "")
    named = {
        lang: {"title": next(iter(cube.titles.get(lang, ())), ""), "district": district}
        for lang in SPOKEN
    }
    return sentence(named, observed.said(_extent(cube)))


def _extent(cube: Cube) -> Extent:
    """What nobody dated is in no period."""
    periods = cube.of("time").categories
    dated = [each.code for each in periods if isinstance(each, Period) and each.latest]
    return Extent(
        count=len(cube.cells),
        hidden=cube.hidden,
        stated=cube.shown,
        indicators=len(cube.metrics),
        districts=len(cube.of("geo").categories),
        first=dated[0] if dated else None,
        last=dated[-1] if dated else None,
    )
