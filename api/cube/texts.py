"""What a cube says beside its data, in the languages there are texts in."""

Texts = dict[str, str]

INDICATOR: Texts = {"de": "Indikator", "en": "Indicator", "sv": "Indikator"}
DISTRICT: Texts = {"de": "Gebiet", "en": "District", "sv": "Område"}
TIME: Texts = {"de": "Zeit", "en": "Time", "sv": "Tid"}
TOTAL: Texts = {"de": "Insgesamt", "en": "Total", "sv": "Totalt"}
NOTHING: Texts = {"de": "Keine Werte", "en": "No values", "sv": "Inga värden"}
SEVERAL: Texts = {
    "de": "{count} Indikatoren",
    "en": "{count} indicators",
    "sv": "{count} indikatorer",
}
MEASURES: dict[str, Texts] = {
    "numerator": {"de": "Zähler", "en": "numerator", "sv": "täljare"},
    "denominator": {"de": "Nenner", "en": "denominator", "sv": "nämnare"},
    "interval_low": {
        "de": "untere Grenze (95 %)",
        "en": "lower bound (95 %)",
        "sv": "undre gräns (95 %)",
    },
    "interval_high": {
        "de": "obere Grenze (95 %)",
        "en": "upper bound (95 %)",
        "sv": "övre gräns (95 %)",
    },
}
DOUBLED: Texts = {
    "de": "Aus mehreren Quellen liegen Werte für dieselbe Zelle vor; gezeigt wird der erste, der "
    "einen Wert hat. Weggelassen: {count}.",
    "en": "Several sources have values for the same cell; the first one that has a value is shown. "
    "Left out: {count}.",
    "sv": "Flera källor har värden för samma cell; det första som har ett värde visas. "
    "Utelämnade: {count}.",
}


def said(texts: Texts, lang: str) -> str:
    """In this language, else in the one it is a variety of, else in German."""
    return texts.get(lang) or texts.get(lang.split("-", maxsplit=1)[0]) or texts["de"]
