"""What datasets are called and how they are described, in the languages of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """Title, description and keywords of the dataset of a resource."""

    titles: Texts
    descriptions: Texts
    keywords: Mapping[str, tuple[str, ...]]
    themes: tuple[str, ...]


RESOURCES: dict[str, Words] = {
    "offerings": Words(
        {"de": "Soziale Angebote", "en": "Social offerings", "sv": "Sociala erbjudanden"},
        {
            "de": "Beratung, Treffpunkte, Pflege und andere soziale Angebote: was es gibt, von "
            "wem, wo, für wen und wie man es erreicht.",
            "en": "Advice, meeting places, care and other social offerings: what there is, by "
            "whom, where, for whom, and how to get in touch.",
            "sv": "Rådgivning, mötesplatser, omsorg och andra sociala erbjudanden: vad som finns, "
            "vem som ger det, var, för vem och hur man når det.",
        },
        {
            "de": ("Soziales", "Beratung", "Hilfe", "Einrichtungen", "Sozialplanung"),
            "en": ("social services", "advice", "facilities", "social planning"),
        },
        ("health",),
    ),
    "districts": Words(
        {"de": "Planungsräume", "en": "Districts", "sv": "Planeringsområden"},
        {
            "de": "Gebiete der Sozialplanung vom Kreis bis zum Quartier, mit Grenzen, Schlüsseln, "
            "Einwohnerzahl und ihrer Geschichte.",
            "en": "Areas of social planning from the county to the neighbourhood, with boundaries, "
            "keys, population and their history.",
            "sv": "Områden för social planering från länet till kvarteret, med gränser, koder, "
            "folkmängd och historia.",
        },
        {
            "de": ("Planungsraum", "Sozialraum", "Verwaltungsgebiet", "Grenzen", "Einwohner"),
            "en": ("district", "administrative unit", "boundaries", "population"),
        },
        ("neighbourhood",),
    ),
    "organisations": Words(
        {
            "de": "Träger und Stellen",
            "en": "Organisations",
            "sv": "Organisationer",
        },
        {
            "de": "Träger sozialer Angebote, Behörden und Gremien, mit Anschrift.",
            "en": "Providers of social offerings, authorities and bodies, with their addresses.",
            "sv": "Utförare av sociala erbjudanden, myndigheter och organ med adress.",
        },
        {
            "de": ("Träger", "Organisationen", "Behörden", "Soziales"),
            "en": ("organisations", "providers", "authorities"),
        },
        ("participation",),
    ),
    "strategies": Words(
        {"de": "Strategien", "en": "Strategies", "sv": "Strategier"},
        {
            "de": "Strategien und Pläne der Sozialplanung mit Zielen, Schwerpunkten, Meilensteinen "
            "und Berichten.",
            "en": "Strategies and plans of social planning, with goals, focus themes, milestones "
            "and reports.",
            "sv": "Strategier och planer för social planering, med mål, teman, milstolpar och "
            "rapporter.",
        },
        {
            "de": ("Strategie", "Sozialplanung", "Ziele"),
            "en": ("strategy", "social planning", "goals"),
        },
        ("participation",),
    ),
    "measures": Words(
        {"de": "Maßnahmen", "en": "Measures", "sv": "Åtgärder"},
        {
            "de": "Maßnahmen der Strategien: was beschlossen ist, was machbar ist und wie weit die "
            "Umsetzung ist.",
            "en": "Measures of the strategies: what was decided, what can be done, and how far it "
            "is.",
            "sv": "Strategiernas åtgärder: vad som är beslutat, vad som går att göra och hur långt "
            "det har kommit.",
        },
        {
            "de": ("Maßnahme", "Umsetzung", "Sozialplanung"),
            "en": ("measure", "implementation", "social planning"),
        },
        ("participation",),
    ),
    "decisions": Words(
        {"de": "Beschlüsse", "en": "Decisions", "sv": "Beslut"},
        {
            "de": "Beschlüsse der Gremien zu Strategien und Maßnahmen, mit Abstimmungsergebnis.",
            "en": "Decisions of bodies about strategies and measures, with votes.",
            "sv": "Organens beslut om strategier och åtgärder, med omröstning.",
        },
        {
            "de": ("Beschluss", "Gremium", "Abstimmung"),
            "en": ("decision", "council", "votes"),
        },
        ("participation",),
    ),
    "codelists": Words(
        {"de": "Codelisten", "en": "Codelists", "sv": "Kodlistor"},
        {
            "de": "Das Vokabular der Daten: Codes mit Bezeichnungen und Hierarchie, etwa "
            "Kategorien, Zielgruppen und Themen.",
            "en": "The vocabulary of the data: codes with labels and hierarchy, such as "
            "categories, target groups and themes.",
            "sv": "Datans vokabulär: koder med benämningar och hierarki, till exempel kategorier, "
            "målgrupper och teman.",
        },
        {
            "de": ("Codeliste", "Vokabular", "Kategorien"),
            "en": ("codelist", "vocabulary", "categories"),
        },
        ("participation",),
    ),
}

CATALOGUE = {"de": "Offene Sozialdaten", "en": "Open social data", "sv": "Öppna sociala data"}
CATALOGUE_DESCRIPTION = {
    "de": "Soziale Angebote, Planungsräume, Indikatoren und Maßnahmen aus einer veröffentlichten "
    "Quelle.",
    "en": "Social offerings, districts, indicators and measures from one published source.",
    "sv": "Sociala erbjudanden, planeringsområden, indikatorer och åtgärder från en publicerad "
    "källa.",
}
OPERATOR = {
    "de": "Betreiber dieses Registers",
    "en": "Operator of this registry",
    "sv": "Den som driver detta register",
}
INDICATORS = {
    "de": "Indikatoren der Sozialplanung",
    "en": "Indicators of social planning",
    "sv": "Indikatorer för social planering",
}
INDICATORS_DESCRIPTION = {
    "de": "Werte sozialer Indikatoren nach Gebiet und Zeit, mit Definition, Einheit und Methode. "
    "Verborgene Werte sind leer und begründet.",
    "en": "Values of social indicators by district and period, with definition, unit and method. "
    "Hidden values are empty, with the reason.",
    "sv": "Värden för sociala indikatorer efter område och tid, med definition, enhet och metod. "
    "Dolda värden är tomma, med skäl.",
}
INDICATOR_KEYWORDS = {
    "de": ("Indikatoren", "Sozialberichterstattung", "Statistik"),
    "en": ("indicators", "social reporting", "statistics"),
}
STRATEGY_KEYWORDS = {
    "de": ("Strategie", "Maßnahmen", "Sozialplanung"),
    "en": ("strategy", "measures", "social planning"),
}
OTHER_INDICATORS = {
    "de": "weitere Themen",
    "en": "other themes",
    "sv": "övriga teman",
}
STRATEGY_DESCRIPTION = {
    "de": "Die Strategie mit ihren Maßnahmen, Beschlüssen und deren Stand.",
    "en": "The strategy with its measures, decisions, and how far they are.",
    "sv": "Strategin med dess åtgärder, beslut och hur långt de har kommit.",
}
SEVERAL = {"de": "Mehrere Lizenzen", "en": "Several licences", "sv": "Flera licenser"}
MIXED = {
    "de": "Die Zeilen stehen unter verschiedenen Lizenzen ({licenses}); jede nennt die ihre.",
    "en": "Rows have different licences ({licenses}); each names its own.",
    "sv": "Raderna har olika licenser ({licenses}); var och en anger sin.",
}
NAMED = {"de": "Zu nennen: {names}.", "en": "To be named: {names}.", "sv": "Ska anges: {names}."}

FORMATS: dict[str, Texts] = {
    "csv": {"de": "CSV", "en": "CSV"},
    "json": {"de": "JSON", "en": "JSON"},
    "ndjson": {
        "de": "JSON, ein Objekt je Zeile",
        "en": "JSON, an object a line",
        "sv": "JSON, ett objekt per rad",
    },
    "geojson": {"de": "GeoJSON", "en": "GeoJSON"},
    "gpkg": {"de": "GeoPackage", "en": "GeoPackage"},
    "parquet": {"de": "Parquet", "en": "Parquet"},
    "hsds": {"en": "HSDS 3.1, tabular data package"},
}
DEFINITIONS = {"de": "Definitionen", "en": "definitions", "sv": "definitioner"}
WHOLE_STRATEGY = {"de": "Strategie", "en": "strategy", "sv": "strategi"}
BY_API = {"de": "Schnittstelle", "en": "API", "sv": "API"}


def joined(titles: Texts, *others: Texts | None, by: str = " – ") -> dict[str, str]:
    """A title followed by others, in the languages of the first."""
    rest = [texts for texts in others if texts]
    return {
        lang: by.join((text, *(in_language(texts, lang) for texts in rest)))
        for lang, text in titles.items()
    }


def in_language(texts: Texts, lang: str) -> str:
    """The text in a language, or in the best other one there is."""
    wanted = (lang, "de", "en")
    return next((texts[code] for code in wanted if code in texts), next(iter(texts.values())))
