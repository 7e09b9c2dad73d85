"""What search engines read of a page: schema.org as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from api.pages.templates import web

Document = Mapping[str, Any]


def script(resource: str, document: Document, address: str) -> Markup | None:
    """The text of a `<script type="application/ld+json">`, or None where schema.org has no word."""
    describe = DESCRIBED.get(resource)
    if describe is None:
        return None
    described = {"@context": "https://schema.org", "@id": address, "url": address}
    return as_script(described | describe(document))


def as_script(value: Mapping[str, Any]) -> Markup:
    """JSON that no browser takes for the end of a script (HTML, section 4.12.1.3)."""
    text = json.dumps(_stated(value), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing that HTML has a meaning for is left


def _stated(value: Any) -> Any:
    """Without what is not known."""
    if isinstance(value, Mapping):
        kept = {key: _stated(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, [], {})}
    if isinstance(value, list):
        return [_stated(part) for part in value]
    return value


def _offering(document: Document) -> dict[str, Any]:
    return {
        "@type": "Service",
        "name": document["name"],
        "alternateName": document["alternate_name"],
        "description": document["description"],
        "serviceType": [category["label"] for category in document["categories"]],
        "provider": _named("Organization", document["organisation"]),
        "audience": [
            {"@type": "Audience", "audienceType": group["label"]}
            for group in document["target_groups"]
        ],
        "areaServed": [
            {"@type": "AdministrativeArea", "name": district["name"]}
            for district in document["districts"][-1:]
        ],
        "isAccessibleForFree": document["free"],
        "availableChannel": [_channel(document, site) for site in document["sites"]],
        "license": document["source"]["license_url"],
    }


def _channel(document: Document, site: Document) -> dict[str, Any]:
    return {
        "@type": "ServiceChannel",
        "serviceUrl": web(document["url"]),
        "servicePhone": _phone(document["phone"]),
        "serviceLocation": {
            "@type": "Place",
            "name": site["name"],
            "address": _address(site),
            "geo": _coordinates(site),
        },
    }


def _phone(number: str | None) -> dict[str, str] | None:
    return {"@type": "ContactPoint", "telephone": number} if number else None


def _coordinates(site: Document) -> dict[str, Any] | None:
    """Only of a place that is known: one somewhere in a municipality would mislead."""
    precision = site.get("precision") or {}
    if site["longitude"] is None or precision.get("code") == "municipality":
        return None
    return {
        "@type": "GeoCoordinates",
        "longitude": site["longitude"],
        "latitude": site["latitude"],
    }


def _address(site: Document) -> dict[str, Any] | None:
    stated = {
        "streetAddress": site["street"],
        "postalCode": site["postcode"],
        "addressLocality": site["town"],
    }
    return {"@type": "PostalAddress", **stated} if any(stated.values()) else None


def _named(kind: str, reference: Document | None) -> dict[str, Any] | None:
    return {"@type": kind, "name": reference["name"]} if reference else None


def _organisation(document: Document) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": document["name"],
        "alternateName": document["alternate_name"],
        "description": document["description"],
        "address": _address(document),
        "telephone": document["phone"],
        "email": document["email"],
        "sameAs": web(document["url"]),
        "parentOrganization": _named("Organization", document["parent"]),
    }


def _district(document: Document) -> dict[str, Any]:
    return {
        "@type": "AdministrativeArea",
        "name": document["name"],
        "description": document["description"],
        "identifier": document["key"],
        "sameAs": web(document["url"]),
        "containedInPlace": _named("AdministrativeArea", document["parent"]),
    }


def _indicator(document: Document) -> dict[str, Any]:
    return {
        "@type": "Dataset",
        "name": document["title"],
        "description": document["description"] or document["interpretation"] or document["title"],
        "variableMeasured": document["title"],
        "measurementTechnique": document["method"],
        "license": document["source"]["license_url"],
        "creator": {"@type": "Organization", "name": document["source"]["publisher"]},
        "temporalCoverage": "/".join(
            dict.fromkeys(document["periods"][:1] + document["periods"][-1:])
        ),
    }


def _strategy(document: Document) -> dict[str, Any]:
    return {
        "@type": "CreativeWork",
        "name": document["title"],
        "description": document["description"],
        "genre": (document["kind"] or {}).get("label"),
        "about": [theme["label"] for theme in document["themes"]],
        "author": _named("Organization", document["lead"]),
        "spatialCoverage": _named("AdministrativeArea", document["district"]),
        "license": document["source"]["license_url"],
        "sameAs": web(document["url"]),
    }


ACTION_STATUS = {
    "not_started": "Potential",
    "planned": "Potential",
    "in_progress": "Active",
    "delayed": "Active",
    "already_practice": "Completed",
    "completed": "Completed",
    "stopped": "Failed",
}
"""The implementation of a measure as schema.org's ActionStatusType has it."""


def _measure(document: Document) -> dict[str, Any]:
    status = ACTION_STATUS.get(document["implementation"]["code"])
    return {
        "@type": "Action",
        "name": document["title"],
        "description": document["description"],
        "actionStatus": f"https://schema.org/{status}ActionStatus" if status else None,
        "agent": _named("Organization", document["lead"]),
        "location": [_named("AdministrativeArea", each) for each in document["districts"]],
        "startTime": (document["start"] or {}).get("earliest"),
        "endTime": (document["end"] or {}).get("latest"),
        "sameAs": web(document["url"]),
    }


DESCRIBED: dict[str, Callable[[Document], dict[str, Any]]] = {
    "offerings": _offering,
    "organisations": _organisation,
    "districts": _district,
    "indicators": _indicator,
    "strategies": _strategy,
    "measures": _measure,
}
