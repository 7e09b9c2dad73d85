"""The words of the pages, in the languages they can be read in.

Message ids are English; web/translations holds gettext catalogues for the others, read as they are.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"


def read_catalogues(folder: Path) -> dict[str, NullTranslations]:
    """The translations by language, that of the message ids among them."""
    found: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        found[path.stem] = Translations(compiled)
    return found


def spoken(lang: str, known: dict[str, NullTranslations], default: str) -> str:
    """The language of the pages for one of the documents: Leichte Sprache is German."""
    for name in (lang, lang.partition("-")[0], default):
        if name in known:
            return name
    return SOURCE


def locale_of(lang: str) -> Locale:
    return Locale.parse(lang.partition("-")[0])
