"""What people read of the catalogue: the description that its RDF is made of, with addresses."""

from __future__ import annotations

from typing import Any

from api.artefacts.snapshot import BASE
from api.catalogue import texts
from api.catalogue import vocabulary as v
from api.catalogue.datasets import Agent, Catalogue, Dataset, Distribution
from api.catalogue.graph import CATALOGUE, PUBLISHER, address, dataset_uri, distribution_uri

CALLED = {"geojson": "GeoJSON", "gpkg": "GeoPackage", "parquet": "Parquet"}
"""Formats that are not called by their initials."""

Description = dict[str, Any]


class Landing:
    """Describes for one address of the server."""

    def __init__(self, base: str) -> None:
        self._base = base

    def catalogue(self, catalogue: Catalogue) -> Description:
        """The catalogue and its datasets, those that changed last first."""
        datasets = sorted(catalogue.datasets, key=lambda each: each.modified, reverse=True)
        return {
            "uri": self._address(CATALOGUE),
            "titles": catalogue.titles,
            "descriptions": catalogue.descriptions,
            "modified": datasets[0].modified.isoformat() if datasets else None,
            "publisher": {"uri": self._address(PUBLISHER), **self._agent(catalogue.publisher)},
            "contact": self._agent(catalogue.contact),
            "datasets": [self._dataset(each) for each in datasets],
        }

    def _address(self, uri: str) -> str:
        """A path of this server, or an address as it is, with the placeholder replaced."""
        return str(address(uri)).replace(BASE, self._base)

    def _agent(self, agent: Agent) -> Description:
        return {"names": agent.names, "url": self._address(agent.url), "email": agent.email}

    def _dataset(self, dataset: Dataset) -> Description:
        period = dataset.period
        return {
            "uri": self._address(dataset_uri(dataset)),
            "slug": dataset.slug,
            "identifier": str(dataset.identifier),
            "titles": dataset.titles,
            "descriptions": dataset.descriptions,
            "keywords": dataset.keywords,
            "themes": dataset.themes,
            "issued": dataset.issued.isoformat(),
            "modified": dataset.modified.isoformat(),
            "frequency": dataset.frequency,
            **self._terms(dataset),
            "sources": [
                {"title": source.title, "publisher": source.publisher, "url": source.url}
                for source in dataset.sources
            ],
            "places": [place.names for place in dataset.places],
            "start": period.start.isoformat() if period and period.start else None,
            "end": period.end.isoformat() if period and period.end else None,
            "in_series": dataset.in_series,
            "distributions": [self._distribution(dataset, each) for each in dataset.distributions],
        }

    def _terms(self, dataset: Dataset) -> Description:
        """Rights in words only where one licence does not say it all."""
        terms = dataset.terms
        return {
            "license": self._address(terms.uri),
            "license_names": terms.labels,
            "rights": terms.rights if terms.labels == texts.SEVERAL else {},
            "attribution": terms.attribution,
        }

    def _distribution(self, dataset: Dataset, distribution: Distribution) -> Description:
        return {
            "uri": self._address(distribution_uri(dataset, distribution)),
            "titles": distribution.titles,
            "format": CALLED.get(distribution.format, distribution.format.upper()),
            "media_type": v.FILE_TYPES[distribution.format].media_type,
            "url": self._address(distribution.download or distribution.access),
            "size": distribution.size,
            "sha256": distribution.sha256,
        }
