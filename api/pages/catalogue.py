"""The pages of the data catalogue: which datasets there are, and where each can be had.

They show what portals harvest (api/artefacts/landing.py), in the language of whoever reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import blake2s
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api import links, responses
from api.artefacts.manifest import Manifest
from api.artefacts.serving import require
from api.artefacts.shelf import key_of
from api.catalogue import FOLDER, stored
from api.catalogue.datasets import Catalogue
from api.catalogue.landing import Landing
from api.dependencies import Service, service
from api.errors import NotFound
from api.formats import GRAPHS
from api.negotiation import choose_encoding, choose_language
from api.pages import datasets
from api.pages.datasets import Description, Words
from api.pages.face import pages_of
from api.pages.linked_data import as_script
from api.resources import MEASURES, OBSERVATIONS, RESOURCES
from api.validators import matches

LENGTH = 50
"""Datasets on a page for people."""
NAMES = frozenset(resource.name for resource in RESOURCES)


async def of_catalogue(
    request: Request,
    theme: str | None = None,
    file_type: str | None = None,
    *,
    page: int | None = 1,
    lang: str | None = None,
) -> Response:
    """The list of datasets: all, or those of a theme or with a format. Page None: on one page."""
    shown = await _shown(request, lang)
    if unchanged := shown.unchanged():
        return unchanged
    known = shown.catalogue["datasets"]
    found = list(_chosen(known, theme, file_type))
    return shown.answer(
        "catalogue.html",
        datasets=_turned_to(found, page),
        total=len(found),
        themes=sorted({code for each in known for code in each["themes"]}),
        file_types=sorted({name for each in known for name in formats(each)}),
        theme=theme,
        file_type=file_type,
        onward=page + 1 if page and page * LENGTH < len(found) else None,
        linked_data=as_script(datasets.data_catalogue(shown.catalogue, shown.words, shown.base)),
    )


def _turned_to(found: Sequence[Description], page: int | None) -> Sequence[Description]:
    start = LENGTH * ((page or 1) - 1)
    if start and start >= len(found):
        raise NotFound(f"The datasets do not fill {page} pages.")
    return found[start : start + LENGTH] if page else found


async def of_dataset(request: Request, slug: str, *, lang: str | None = None) -> Response:
    """The landing page of one dataset."""
    shown = await _shown(request, lang)
    dataset = shown.dataset(slug)
    if unchanged := shown.unchanged():
        return unchanged
    described = datasets.data_set(shown.catalogue, dataset, shown.words, shown.base)
    return shown.answer(
        "dataset.html",
        dataset=dataset,
        examples=examples(dataset),
        resource=resource_of(slug),
        siblings=[
            each
            for each in shown.catalogue["datasets"]
            if dataset["in_series"] and each["in_series"] and each is not dataset
        ],
        linked_data=as_script(described),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page is made of: the catalogue of one state, and a language."""

    request: Request
    manifest: Manifest
    catalogue: Description
    words: Words
    base: str

    def dataset(self, slug: str) -> Description:
        found = (each for each in self.catalogue["datasets"] if each["slug"] == slug)
        dataset: Description | None = next(found, None)
        if dataset is None:
            raise NotFound(f"There is no dataset {slug[:100]!r}.")
        return dataset

    def unchanged(self) -> Response | None:
        if matches(self.request.headers.get("if-none-match", ""), self._etag()):
            return Response(status_code=304, headers=self._headers())
        return None

    def answer(self, template: str, **context: Any) -> Response:
        body = pages_of(self.request).simple(
            self.request,
            template,
            self.words.lang,
            languages=self.words.languages,
            sequence=self.manifest.sequence,
            published_at=self.manifest.published_at,
            catalogue=self.catalogue,
            words=self.words,
            formats=formats,
            forms=GRAPHS,
            **context,
        )
        self._keep()
        headers = self._headers() | {"Content-Security-Policy": responses.policy()}
        return Response(body, media_type="text/html; charset=utf-8", headers=headers)

    def _keep(self) -> None:
        """Until there are other files."""
        if state := service(self.request).state():
            encoding = choose_encoding(self.request.headers.get("accept-encoding", ""))
            spoken = f"html {self.words.lang}"
            key = (str(links.address(self.request)), key_of(self.manifest), spoken, encoding)
            responses.keep(self.request, key, state)

    def _headers(self) -> dict[str, str]:
        published = datetime.fromisoformat(self.manifest.published_at)
        place = links.address(self.request).place
        forms = [
            links.link(rel, f"{place}{form.suffix}", form.media_type)
            for form in GRAPHS.values()
            for rel in ("alternate", "describedby")
        ]
        return {
            "ETag": self._etag(),
            "Last-Modified": format_datetime(published, usegmt=True),
            "Cache-Control": responses.CACHE_CONTROL,
            "Vary": responses.VARY,
            "Content-Language": self.words.lang,
            "X-Sequence": str(self.manifest.sequence),
            "Link": links.header(forms),
        }

    def _etag(self) -> str:
        release = str(self.request.app.version)
        parts = (str(links.address(self.request)), self.words.lang, self.manifest.key, release)
        digest = blake2s("\n".join(parts).encode(errors="replace"), digest_size=12)
        return f'W/"{digest.hexdigest()}"'


async def _shown(request: Request, lang: str | None) -> Shown:
    base = links.base_url(request)
    manifest = await run_in_threadpool(require, service(request))
    languages = await service(request).languages()
    words = Words(choose_language(request, lang, languages), languages)
    found = await run_in_threadpool(_stored, service(request), manifest)
    return Shown(request, manifest, Landing(base).catalogue(found), words, base)


async def described(request: Request) -> Catalogue:
    """What is in the catalogue; 503 while nothing is built: an empty one would be a wrong one."""
    manifest = await run_in_threadpool(require, service(request))
    return await run_in_threadpool(_stored, service(request), manifest)


def _stored(known: Service, manifest: Manifest) -> Catalogue:
    return stored.read(known.shelf.path(manifest, f"{FOLDER}/{stored.NAME}"))


def formats(dataset: Description) -> list[str]:
    """Each format once, in the order of the distributions."""
    return list(dict.fromkeys(each["format"] for each in dataset["distributions"]))


def _chosen(
    found: Sequence[Description], theme: str | None, file_type: str | None
) -> Iterator[Description]:
    for each in found:
        fits = theme is None or theme in each["themes"]
        if fits and (file_type is None or file_type in formats(each)):
            yield each


def examples(dataset: Description) -> list[str]:
    """What to ask for first: the data as JSON, and as a table."""
    by_format = {each["format"]: each["url"] for each in reversed(dataset["distributions"])}
    return [by_format[name] for name in ("JSON", "CSV") if name in by_format]


def resource_of(slug: str) -> str:
    """Whose changes are those of a dataset."""
    if slug in NAMES:
        return slug
    return MEASURES.name if slug.startswith("strategy-") else OBSERVATIONS.name
