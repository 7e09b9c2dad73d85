"""What search engines read of a page: schema.org as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from api.formats import FORMATS
from api.pages.templates import web
from db.opening.schedules import schedules

Document = Mapping[str, Any]


def script(resource: str, document: Document, base: str) -> Markup | None:
    """The text of a `<script type="application/ld+json">`, or None where schema.org has no word."""
    describe = DESCRIBED.get(resource)
    if describe is None:
        return None
    address = _address_of(base, resource, document)
    described = {"@context": "https://schema.org", "@id": address, "url": address}
    identified = {"identifier": f"urn:uuid:{document['id']}"}
    page = {"mainEntityOfPage": _page(document, address)}
    return as_script(described | identified | describe(document, base) | page)


def _page(document: Document, address: str) -> dict[str, Any]:
    """Licence and time belong to what is written about a thing, not to the thing."""
    return {
        "@type": "WebPage",
        "url": address,
        "inLanguage": document["lang"],
        "dateModified": document["updated_at"],
        "license": web(document["source"]["license_url"]),
        "creditText": document["source"]["attribution"],
    }


def _address_of(base: str, resource: str, reference: Document) -> str:
    return f"{base}/v1/{resource}/{quote(reference.get('slug') or reference['id'], safe='')}"


def as_script(value: Mapping[str, Any]) -> Markup:
    """JSON that no browser takes for the end of a script (HTML, section 4.12.1.3)."""
    text = json.dumps(_stated(value), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing that HTML has a meaning for is left


def _stated(value: Any) -> Any:
    """Without what is not known; None where nothing is left."""
    if isinstance(value, Mapping):
        parts = {key: _stated(part) for key, part in value.items()}
        kept = {key: part for key, part in parts.items() if part is not None}
        return kept if kept.keys() - {"@type"} else None
    if isinstance(value, list):
        return [part for part in map(_stated, value) if part is not None] or None
    return None if value == "" else value


def _offering(document: Document, base: str) -> dict[str, Any]:
    provider = _named("Organization", "organisations", document["organisation"], base)
    return {
        "@type": "GovernmentService",
        "name": document["name"],
        "alternateName": document["alternate_name"],
        "description": document["description"],
        "serviceType": [category["label"] for category in document["categories"]],
        "category": [theme["label"] for theme in document["themes"]],
        "provider": provider,
        "serviceOperator": provider,
        "audience": _audience(document),
        "areaServed": [
            _named("AdministrativeArea", "districts", district, base)
            for district in _areas_served(document)
        ],
        "availableChannel": [_channel(document, site) for site in document["sites"] or [None]],
        "hoursAvailable": opening_hours(document["sites"][0])
        if len(document["sites"]) == 1
        else None,
        "offers": _offer(document),
        "termsOfService": document["eligibility"],
    }


def _areas_served(document: Document) -> Sequence[Document]:
    """For residents of which districts it is, as far as known; else where it is provided."""
    stated: Sequence[Document] = (document["service_area"] or {}).get("districts", ())
    return stated or document["districts"][-1:]


def _audience(document: Document) -> list[dict[str, Any]]:
    ages = {"suggestedMinAge": document["age_min"], "suggestedMaxAge": document["age_max"]}
    return [
        *(
            {"@type": "Audience", "audienceType": each["label"]}
            for each in document["target_groups"]
        ),
        {"@type": "PeopleAudience", **ages},
    ]


def _offer(document: Document) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "price": 0 if document["free"] else None,
        "description": document["cost"],
    }


def _channel(document: Document, site: Document | None) -> dict[str, Any] | None:
    """A way to get in touch: at a site, or only from afar."""
    ways = {
        "serviceUrl": web(document["url"]),
        "servicePhone": _contact(document),
        "serviceLocation": _place(site) if site else None,
    }
    if _stated(ways) is None:
        return None
    spoken = [{"@type": "Language", "name": each["label"]} for each in document["languages"]]
    return {"@type": "ServiceChannel", **ways, "availableLanguage": spoken}


def _contact(document: Document) -> dict[str, Any]:
    return {
        "@type": "ContactPoint",
        "telephone": document["phone"],
        "email": document["email"],
    }


def _place(site: Document) -> dict[str, Any]:
    return {
        "@type": "Place",
        "name": site["name"],
        "address": _address(site),
        "geo": _coordinates(site),
        "openingHoursSpecification": opening_hours(site),
        "amenityFeature": _wheelchair(site),
    }


def _wheelchair(site: Document) -> dict[str, Any] | None:
    said = site["wheelchair"]
    if not said:
        return None
    value = {"yes": True, "no": False}.get(said["code"], said["label"])
    return {"@type": "LocationFeatureSpecification", "name": "wheelchair", "value": value}


DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
WEEKLY = frozenset(
    ("freq", "byday", "opens_at", "closes_at", "valid_from", "valid_to", "timezone", "description")
)
"""Members of a schedule that schema.org has a word for, or that need none."""


def opening_hours(site: Document) -> list[dict[str, Any]]:
    """The regular week of a site; what repeats in another way is left to the text of the page."""
    regular = (each for each in schedules(site["opening_hours"] or "") if "byday" in each)
    return [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": [f"https://schema.org/{DAYS[day]}" for day in each["byday"].split(",")],
            "opens": each["opens_at"],
            "closes": each["closes_at"],
            "validFrom": each.get("valid_from"),
            "validThrough": each.get("valid_to"),
        }
        for each in regular
        if each.keys() <= WEEKLY and each["freq"] == "WEEKLY"
    ]


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


def _address(site: Document) -> dict[str, Any]:
    return {
        "@type": "PostalAddress",
        "streetAddress": site["street"],
        "postalCode": site["postcode"],
        "addressLocality": site["town"],
    }


def _named(
    kind: str, resource: str, reference: Document | None, base: str
) -> dict[str, Any] | None:
    """Something else that has a page here."""
    if reference is None:
        return None
    return {"@type": kind, "@id": _address_of(base, resource, reference), "name": reference["name"]}


def _organisation(document: Document, base: str) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": document["name"],
        "alternateName": document["alternate_name"],
        "description": document["description"],
        "address": _address(document),
        "telephone": document["phone"],
        "email": document["email"],
        "sameAs": web(document["url"]),
        "parentOrganization": _named("Organization", "organisations", document["parent"], base),
    }


def _district(document: Document, base: str) -> dict[str, Any]:
    return {
        "@type": "AdministrativeArea",
        "name": document["name"],
        "description": document["description"],
        "identifier": document["key"],
        "sameAs": web(document["url"]),
        "containedInPlace": _named("AdministrativeArea", "districts", document["parent"], base),
    }


def _indicator(document: Document, base: str) -> dict[str, Any]:
    address = _address_of(base, "indicators", document)
    return {
        "@type": "Dataset",
        "name": document["title"],
        "description": document["description"] or document["interpretation"] or document["title"],
        "variableMeasured": document["title"],
        "measurementTechnique": document["method"],
        "keywords": [theme["label"] for theme in document["themes"]],
        "license": web(document["source"]["license_url"]),
        "creditText": document["source"]["attribution"],
        "creator": {"@type": "Organization", "name": document["source"]["publisher"]},
        "isAccessibleForFree": True,
        "dateModified": document["updated_at"],
        "temporalCoverage": "/".join(
            dict.fromkeys(document["periods"][:1] + document["periods"][-1:])
        ),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": name.upper(),
                "encodingFormat": FORMATS[name].media_type,
                "contentUrl": f"{address}/observations.{name}",
            }
            for name in ("csv", "ndjson")
        ],
    }


def _strategy(document: Document, base: str) -> dict[str, Any]:
    return {
        "@type": "CreativeWork",
        "name": document["title"],
        "description": document["description"],
        "genre": (document["kind"] or {}).get("label"),
        "keywords": [theme["label"] for theme in document["themes"]],
        "author": _named("Organization", "organisations", document["lead"], base),
        "spatialCoverage": _named("AdministrativeArea", "districts", document["district"], base),
        "license": web(document["source"]["license_url"]),
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


def _measure(document: Document, base: str) -> dict[str, Any]:
    status = ACTION_STATUS.get(document["implementation"]["code"])
    return {
        "@type": "Action",
        "name": document["title"],
        "description": document["description"],
        "actionStatus": f"https://schema.org/{status}ActionStatus" if status else None,
        "agent": _named("Organization", "organisations", document["lead"], base),
        "location": [
            _named("AdministrativeArea", "districts", each, base) for each in document["districts"]
        ],
        "startTime": (document["start"] or {}).get("earliest"),
        "endTime": (document["end"] or {}).get("latest"),
        "sameAs": web(document["url"]),
    }


DESCRIBED: dict[str, Callable[[Document, str], dict[str, Any]]] = {
    "offerings": _offering,
    "organisations": _organisation,
    "districts": _district,
    "indicators": _indicator,
    "strategies": _strategy,
    "measures": _measure,
}
