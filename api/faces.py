"""The faces of the registry: every way to read it as data, one row each.

The API catalogue (RFC 9727) lists them all; those that serve data on request are the DataServices
of the data catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.resources import (
    CODELISTS,
    INDICATORS,
    OBSERVATIONS,
    OFFERINGS,
    ORGANISATIONS,
    RESOURCES,
)

REFERENCE = "/docs"
CONTRACT = "/openapi.json"
STATUS = "/health/ready"

EVERYTHING = tuple(resource.name for resource in RESOURCES)


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face begins, what it is called, and which resources can be read there.

    `is_service`: it answers questions. Else it hands out files or pages.
    """

    slug: str
    path: str
    media_type: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    resources: tuple[str, ...] = EVERYTHING
    is_service: bool = True
    conforms_to: tuple[str, ...] = ()
    contract: str | None = CONTRACT
    reference: str = REFERENCE
    status: str = STATUS


NATIVE = Face(
    "native",
    "/v1",
    "application/json",
    {"de": "Schnittstelle (JSON, GeoJSON, CSV)", "en": "Native API (JSON, GeoJSON, CSV)"},
    {
        "de": "Listen und Einzelobjekte mit Filtern, in allen Formaten.",
        "en": "Lists and single entities with filters, in every format.",
    },
    conforms_to=("https://spec.openapis.org/oas/v3.1.0",),
)

CHANGES = Face(
    "changes",
    "/v1/changes",
    "application/json",
    {"de": "Änderungen", "en": "Changes"},
    {
        "de": "Was sich seit einer Veröffentlichung geändert hat, auch was entfernt wurde.",
        "en": "What changed since a publication, removals included.",
    },
    conforms_to=("https://spec.openapis.org/oas/v3.1.0",),
)

HSDS = Face(
    "hsds",
    "/hsds",
    "application/json",
    {"de": "Open Referral HSDS 3.1", "en": "Open Referral HSDS 3.1"},
    {
        "de": "Angebote nach Open Referrals Datenstandard, mit Filtern wie Open Referral UK.",
        "en": "Offerings in Open Referral's data standard, with the filters of Open Referral UK.",
    },
    resources=(OFFERINGS.name, ORGANISATIONS.name, CODELISTS.name),
    conforms_to=("https://docs.openreferral.org/en/3.1/",),
)

PX = Face(
    "px",
    "/px/config",
    "application/json",
    {"de": "PxWeb-API 2", "en": "PxWeb API 2"},
    {
        "de": "Indikatoren als Tabellen, für pxwebpy, pxweb in R und andere Programme.",
        "en": "Indicators as tables, for pxwebpy, R's pxweb and other clients.",
    },
    resources=(INDICATORS.name, OBSERVATIONS.name),
    conforms_to=("https://json-stat.org/full/",),
)

BULK = Face(
    "bulk",
    "/bulk",
    "application/json",
    {"de": "Gesamtabzug", "en": "Bulk download"},
    {
        "de": "Jede Ressource vollständig als Datei, alle aus demselben Stand.",
        "en": "Every resource as a complete file, all from one state.",
    },
    is_service=False,
)

CATALOGUE = Face(
    "catalog",
    "/catalog",
    "text/turtle",
    {"de": "Datenkatalog (DCAT-AP.de)", "en": "Data catalogue (DCAT-AP)"},
    {
        "de": "Beschreibung aller Datensätze für Open-Data-Portale.",
        "en": "What every dataset is, for open-data portals.",
    },
    is_service=False,
    conforms_to=("http://dcat-ap.de/def/dcatde/3.0/spec/",),
)

EMBED = Face(
    "embed",
    "/embed",
    "text/html",
    {"de": "Bausteine für andere Websites", "en": "Components for other websites"},
    {
        "de": "Listen, Karten und Diagramme zum Einbetten.",
        "en": "Lists, maps and charts to put into other pages.",
    },
    is_service=False,
    contract=None,
    reference="/developers",
)

DASHBOARD = Face(
    "dashboard",
    "/dashboard",
    "text/html",
    {"de": "Dashboard", "en": "Dashboard"},
    {
        "de": "Indikatoren als Karte, Rangliste, Reihe und Tabelle.",
        "en": "Indicators as a map, a ranking, a series and a table.",
    },
    resources=(INDICATORS.name, OBSERVATIONS.name),
    is_service=False,
    contract=None,
    reference="/developers",
)

FACES = (NATIVE, CHANGES, HSDS, PX, BULK, CATALOGUE, EMBED, DASHBOARD)

SERVICES = tuple(face for face in FACES if face.is_service)
