"""What people read of the catalogue: the same description as in the graph, as one file.

The pages (api/pages/catalogue.py) are made of it; it is not served itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.artefacts.snapshot import Made
from api.catalogue import vocabulary as v
from api.catalogue.datasets import Agent, Catalogue, Dataset, Distribution
from api.catalogue.graph import (
    CATALOGUE,
    CONTACT,
    PUBLISHER,
    address,
    dataset_uri,
    distribution_uri,
)

NAME = "catalog/landing.json"
CALLED = {"geojson": "GeoJSON", "gpkg": "GeoPackage", "parquet": "Parquet"}
"""Formats that are not called by their initials."""

Description = dict[str, Any]


def make(described: Catalogue, folder: Path) -> Made:
    text = json.dumps(describe(described), ensure_ascii=False, sort_keys=True)
    (folder / NAME).write_text(text, encoding="utf-8")
    return Made(NAME, "application/json", "Data catalogue: what its pages show", addressed=True)


def describe(catalogue: Catalogue) -> Description:
    """The catalogue and its datasets, those that changed last first."""
    datasets = sorted(catalogue.datasets, key=lambda each: each.modified, reverse=True)
    return {
        "uri": str(CATALOGUE),
        "titles": catalogue.titles,
        "descriptions": catalogue.descriptions,
        "modified": datasets[0].modified.isoformat() if datasets else None,
        "publisher": _agent(str(PUBLISHER), catalogue.publisher),
        "contact": _agent(str(CONTACT), catalogue.contact),
        "datasets": [_dataset(each) for each in datasets],
    }


def _agent(uri: str, agent: Agent) -> Description:
    return {
        "uri": uri,
        "names": agent.names,
        "url": str(address(agent.url)),
        "email": agent.email,
    }


def _dataset(dataset: Dataset) -> Description:
    period = dataset.period
    return {
        "uri": str(dataset_uri(dataset)),
        "slug": dataset.slug,
        "identifier": str(dataset.identifier),
        "titles": dataset.titles,
        "descriptions": dataset.descriptions,
        "keywords": dataset.keywords,
        "themes": dataset.themes,
        "issued": dataset.issued.isoformat(),
        "modified": dataset.modified.isoformat(),
        "frequency": dataset.frequency,
        "license": str(address(dataset.terms.uri)),
        "license_names": dataset.terms.labels,
        "rights": dataset.terms.rights,
        "attribution": dataset.terms.attribution,
        "sources": [
            {"title": source.title, "publisher": source.publisher, "url": source.url}
            for source in dataset.sources
        ],
        "places": [place.names for place in dataset.places],
        "start": period.start.isoformat() if period and period.start else None,
        "end": period.end.isoformat() if period and period.end else None,
        "in_series": dataset.in_series,
        "distributions": [_distribution(dataset, each) for each in dataset.distributions],
    }


def _distribution(dataset: Dataset, distribution: Distribution) -> Mapping[str, Any]:
    download = distribution.download
    return {
        "uri": str(distribution_uri(dataset, distribution)),
        "titles": distribution.titles,
        "format": CALLED.get(distribution.format, distribution.format.upper()),
        "media_type": v.FILE_TYPES[distribution.format].media_type,
        "url": str(address(download or distribution.access)),
        "size": distribution.size,
        "sha256": distribution.sha256,
    }
