"""What our codes are called in the lists that data portals read: one table a list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.catalogue import Place

EU = "http://publications.europa.eu/resource/authority"
DATA_THEME = f"{EU}/data-theme"
FREQUENCY = f"{EU}/frequency"
PUBLIC = f"{EU}/access-right/PUBLIC"
AVAILABLE = f"{EU}/planned-availability/AVAILABLE"
COMPLETED = f"{EU}/distribution-status/COMPLETED"
LICENSES = "http://dcat-ap.de/def/licenses"
OTHER_OPEN = f"{LICENSES}/other-open"
GEOCODING = "http://dcat-ap.de/def/politicalGeocoding"
CONTRIBUTORS = "http://dcat-ap.de/def/contributors"
PUBLISHER_TYPES = "http://purl.org/adms/publishertype"
HVD_REGULATION = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types"


@dataclass(frozen=True, slots=True)
class FileType:
    """A format in the EU's list, and its registered media type, if it has one."""

    code: str
    media_type: str | None
    conforms_to: str | None = None


FILE_TYPES = {
    "csv": FileType("CSV", "text/csv", "https://www.rfc-editor.org/rfc/rfc4180"),
    "json": FileType("JSON", "application/json"),
    # The list knows no lines of JSON, and nobody registered a media type.
    "ndjson": FileType("JSON", None, "https://github.com/ndjson/ndjson-spec"),
    "geojson": FileType(
        "GEOJSON", "application/geo+json", "https://www.rfc-editor.org/rfc/rfc7946"
    ),
    "gpkg": FileType(
        "GPKG", "application/geopackage+sqlite3", "https://www.geopackage.org/spec131/"
    ),
    "parquet": FileType(
        "PARQUET", "application/vnd.apache.parquet", "https://parquet.apache.org/docs/file-format/"
    ),
    "hsds": FileType("ZIP", "application/zip", "https://docs.openreferral.org/en/3.1/"),
}

LANGUAGES = {
    "bg": "BUL",
    "cs": "CES",
    "da": "DAN",
    "de": "DEU",
    "el": "ELL",
    "en": "ENG",
    "es": "SPA",
    "et": "EST",
    "fi": "FIN",
    "fr": "FRA",
    "hr": "HRV",
    "hu": "HUN",
    "it": "ITA",
    "lt": "LIT",
    "lv": "LAV",
    "nb": "NOB",
    "nl": "NLD",
    "no": "NOR",
    "pl": "POL",
    "pt": "POR",
    "ro": "RON",
    "ru": "RUS",
    "sk": "SLK",
    "sl": "SLV",
    "sv": "SWE",
    "tr": "TUR",
    "uk": "UKR",
    "ar": "ARA",
}

THEMES = {
    "care": ("HEAL", "SOCI"),
    "culture_leisure": ("EDUC",),
    "education": ("EDUC",),
    "engagement": ("SOCI",),
    "health": ("HEAL",),
    "housing": ("REGI",),
    "neighbourhood": ("REGI",),
    "participation": ("GOVE",),
    "work": ("ECON",),
}
"""Themes of social planning in the EU's list. What is not here is population and society."""

SOCIETY = "SOCI"

OPEN = frozenset(
    f"{LICENSES}/{name}"
    for name in (
        "cc-by/4.0",
        "cc-by-sa/4.0",
        "cc-zero",
        "dl-by-de/2.0",
        "dl-zero-de/2.0",
        "geonutz/20130319",
        "odbl",
    )
)
"""Licences of the German list that let everybody use the data for everything."""

LEVELS = {
    "county": "administrativeDistrict",
    "municipality": "municipality",
    "city_district": "municipality",
    "quarter": "municipality",
}

KEYS = {
    ("ags", 2): "stateKey",
    ("ags", 3): "governmentDistrictKey",
    ("ags", 5): "districtKey",
    ("ags", 8): "municipalityKey",
    ("ars", 9): "municipalAssociationKey",
    ("ars", 12): "regionalKey",
}
"""By scheme and length, the list of German administrative keys that a key is in."""

RHYTHM = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
RHYTHMS = (
    (1, "DAILY"),
    (7, "WEEKLY"),
    (14, "BIWEEKLY"),
    (30, "MONTHLY"),
    (60, "BIMONTHLY"),
    (90, "QUARTERLY"),
    (120, "ANNUAL_3"),
    (180, "ANNUAL_2"),
    (360, "ANNUAL"),
    (720, "BIENNIAL"),
    (1080, "TRIENNIAL"),
    (1440, "QUADRENNIAL"),
    (1800, "QUINQUENNIAL"),
    (3600, "DECENNIAL"),
)
"""Days, with months of 30 and years of 12 of them, and what that is called."""
UNKNOWN = "UNKNOWN"


def language(code: str) -> str | None:
    """The URI of a BCP 47 language; of Leichte Sprache that of German."""
    known = LANGUAGES.get(code.split("-", maxsplit=1)[0].lower())
    return f"{EU}/language/{known}" if known else None


def themes(codes: Iterable[str]) -> tuple[str, ...]:
    """The EU's themes for some of ours."""
    found = {theme for code in codes for theme in THEMES.get(code, (SOCIETY,))}
    return tuple(sorted(found | {SOCIETY}))


def frequency(rhythms: Iterable[str | None]) -> str | None:
    """What the shortest of some ISO 8601 durations is called; None: nobody has stated any."""
    lengths = [_days(rhythm) for rhythm in rhythms if rhythm]
    if not lengths:
        return None
    return next((code for days, code in RHYTHMS if days == min(lengths)), "OTHER")


def _days(rhythm: str) -> int:
    found = RHYTHM.fullmatch(rhythm)
    if not found:
        return 0
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    whole = 7 * weeks + days
    if not years and not months:
        return {28: 30, 30: 30, 31: 30, 365: 360, 366: 360}.get(whole, whole)
    return 360 * years + 30 * months + whole


def place_uri(place: Place) -> str | None:
    """The place in the German lists of administrative keys."""
    key = (place.key or "").replace(" ", "")
    name = KEYS.get((place.scheme or "", len(key)))
    return f"{GEOCODING}/{name}/{key}" if name and key.isdigit() else None


def place_level(place: Place) -> str | None:
    level = LEVELS.get(place.level) if place_uri(place) else None
    return f"{GEOCODING}/Level/{level}" if level else None
