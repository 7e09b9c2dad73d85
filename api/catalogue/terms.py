"""Under which terms a dataset may be used: one licence, or the truth about several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.catalogue import texts
from api.catalogue import vocabulary as v
from api.settings import is_web_address
from db.catalogue import License, Source


@dataclass(frozen=True, slots=True)
class Terms:
    """`uri` names the licence; a path of this server where no list has it. `labels` is its name.

    `rights` says the same in words, several licences and all who are to be named included.
    """

    uri: str
    labels: Mapping[str, str]
    rights: Mapping[str, str]
    attribution: str | None


def terms_of(sources: Sequence[Source], licenses: Sequence[License]) -> Terms:
    """What holds for rows of all these sources together."""
    known = {license_.code: license_ for license_ in licenses}
    used = {source.license: _uri(source, known) for source in sources}
    labels = [known[code].labels if code in known else {"de": code} for code in sorted(used)]
    names = list(dict.fromkeys(source.attribution for source in sources if source.attribution))
    attribution = "; ".join(names) or None
    named = _filled(texts.NAMED, names=attribution) if attribution else None
    if len(used) == 1:
        rights = texts.joined(labels[0], named, by=". ")
        return Terms(next(iter(used.values())), labels[0], rights, attribution)
    mixed = _mixed(labels)
    rights = texts.joined(mixed, named, by=" ")
    return Terms(_common(used.values()), texts.SEVERAL, rights, attribution)


def _uri(source: Source, known: Mapping[str, License]) -> str:
    """As the codelist says, the German list first; else the text of the licence, as its source
    says; else its place in the codelist. Nothing is guessed from a name."""
    matches = known[source.license].matches if source.license in known else ()
    named = [uri for uri in (*matches, source.license_url) if uri and is_web_address(uri)]
    german = [uri for uri in matches if uri.startswith(f"{v.LICENSES}/")]
    return next(iter((*german, *named, f"/v1/codelists/license#{source.license}")))


def _common(uris: Iterable[str]) -> str:
    """One that covers several: only of open ones can be said that all of it is open."""
    return v.OTHER_OPEN if set(uris) <= v.OPEN else "/v1/codelists/license"


def _mixed(labels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {
        lang: pattern.format(licenses=", ".join(texts.in_language(each, lang) for each in labels))
        for lang, pattern in texts.MIXED.items()
    }


def _filled(patterns: Mapping[str, str], **values: str | None) -> dict[str, str]:
    return {lang: pattern.format(**values) for lang, pattern in patterns.items()}
