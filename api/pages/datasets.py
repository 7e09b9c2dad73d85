"""What is said of datasets on their pages: the texts in a language, and all of it in schema.org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages.templates import web

Description = Mapping[str, Any]
PLACE = "/catalog"


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the language it really is in."""

    text: str
    lang: str


@dataclass(frozen=True, slots=True)
class Words:
    """The language of a page, and those to fall back on, the default first."""

    lang: str
    languages: Sequence[str]

    def said(self, texts: Mapping[str, str]) -> Said | None:
        """A text in the language of the page, or in the one that comes nearest."""
        for lang in (self.lang, self.lang.partition("-")[0], *self.languages, "de", "en", ""):
            if lang in texts:
                return Said(texts[lang], lang or self.lang)
        return next((Said(text, lang) for lang, text in texts.items()), None)

    def text(self, texts: Mapping[str, str]) -> str | None:
        said = self.said(texts)
        return said.text if said else None

    def keywords(self, dataset: Description) -> list[str]:
        said = self.said({lang: "\n".join(words) for lang, words in dataset["keywords"].items()})
        return said.text.split("\n") if said else []


def address_of(base: str, slug: str) -> str:
    return f"{base}{PLACE}/datasets/{slug}"


# --- schema.org, as Google's structured data for datasets has it ---------------------------------


def data_catalogue(catalogue: Description, words: Words, base: str) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        **_named_catalogue(catalogue, words, base),
        "description": words.text(catalogue["descriptions"]),
        "inLanguage": words.lang,
        "dateModified": catalogue["modified"],
        "publisher": _publisher(catalogue, words),
        "dataset": [
            {"@type": "Dataset", "@id": each["uri"], **_essentials(each, words, base)}
            for each in catalogue["datasets"]
        ],
    }


def data_set(
    catalogue: Description, dataset: Description, words: Words, base: str
) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": dataset["uri"],
        **_essentials(dataset, words, base),
        "identifier": dataset["identifier"],
        "inLanguage": words.lang,
        "keywords": words.keywords(dataset),
        "creditText": dataset["attribution"],
        "publisher": _publisher(catalogue, words),
        "creator": [
            {"@type": "Organization", "name": name}
            for name in dict.fromkeys(source["publisher"] for source in dataset["sources"])
        ]
        or _publisher(catalogue, words),
        "isBasedOn": [web(source["url"]) for source in dataset["sources"]],
        "dateModified": dataset["modified"],
        "datePublished": dataset["issued"],
        "isAccessibleForFree": True,
        "spatialCoverage": [
            {"@type": "Place", "name": words.text(names)} for names in dataset["places"]
        ],
        "temporalCoverage": _coverage(dataset["start"], dataset["end"]),
        "includedInDataCatalog": _named_catalogue(catalogue, words, base),
        "distribution": [
            _download(each, words) | {"license": dataset["license"]}
            for each in dataset["distributions"]
        ],
    }


def _essentials(dataset: Description, words: Words, base: str) -> dict[str, Any]:
    return {
        "url": address_of(base, dataset["slug"]),
        "name": words.text(dataset["titles"]),
        "description": words.text(dataset["descriptions"]),
        "license": dataset["license"],
    }


def _named_catalogue(catalogue: Description, words: Words, base: str) -> dict[str, Any]:
    return {
        "@type": "DataCatalog",
        "@id": catalogue["uri"],
        "url": base + PLACE,
        "name": words.text(catalogue["titles"]),
    }


def _publisher(catalogue: Description, words: Words) -> dict[str, Any]:
    publisher = catalogue["publisher"]
    return {
        "@type": "Organization",
        "@id": publisher["uri"],
        "name": words.text(publisher["names"]),
        "url": publisher["url"],
    }


def _coverage(start: str | None, end: str | None) -> str | None:
    """ISO 8601, open where a bound is not known."""
    return f"{start or '..'}/{end or '..'}" if start or end else None


def _download(distribution: Description, words: Words) -> dict[str, Any]:
    return {
        "@type": "DataDownload",
        "@id": distribution["uri"],
        "name": words.text(distribution["titles"]) or distribution["format"],
        "encodingFormat": distribution["media_type"] or distribution["format"],
        "contentUrl": distribution["url"],
        "contentSize": f"{distribution['size']} B" if distribution["size"] else None,
        "sha256": distribution["sha256"],
    }
