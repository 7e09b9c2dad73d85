"""The files of the data catalogue: whole, in pages, and by dataset, in three syntaxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rdflib import URIRef

from api.artefacts.snapshot import Made, Snapshot
from api.catalogue import FOLDER, WHOLE, stored
from api.catalogue.datasets import Catalogue, catalogue
from api.catalogue.graph import PAGE_SIZE, Block, Describer, Page
from api.catalogue.writing import SYNTAXES, Syntax
from db.catalogue import facts

if TYPE_CHECKING:
    from api.catalogue.datasets import Dataset

AGENTS = ("publishers", "contacts")


def make(shown: Snapshot, folder: Path, made: Sequence[Made]) -> Iterable[Made]:
    """Describe the state, the files that were made of it included."""
    described = catalogue(facts(shown.connection), made, shown.settings)
    for place in ("datasets", "pages", *AGENTS):
        (folder / FOLDER / place).mkdir(parents=True)
    path = f"{FOLDER}/{stored.NAME}"
    (folder / path).write_bytes(stored.written(described))
    yield Made(path, "application/json", "Data catalogue: what its pages are made of")
    for syntax in SYNTAXES.values():
        for name, text in _Writer(described, syntax).files():
            path = f"{FOLDER}/{name}{syntax.format.suffix}"
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
            title = f"Data catalogue: {name}"
            yield Made(path, syntax.format.content_type, title, addressed=True)


def pages_of(described: Catalogue) -> list[Page]:
    """At least one: a catalogue without datasets is one, too."""
    starts = range(0, max(1, len(described.datasets)), PAGE_SIZE)
    return [
        Page(number, described.datasets[start : start + PAGE_SIZE])
        for number, start in enumerate(starts, start=1)
    ]


class _Writer:
    """Puts blocks together to the files of one syntax."""

    def __init__(self, described: Catalogue, syntax: Syntax) -> None:
        self._describer = Describer(described)
        self._syntax = syntax
        self._described = described
        shared = self._describer.shared()
        self._shared = {node: self._written(block) for node, block in shared.items()}
        self._datasets = {
            dataset.slug: self._written(self._describer.dataset(dataset))
            for dataset in described.datasets
        }

    def files(self) -> Iterator[tuple[str, str]]:
        pages = pages_of(self._described)
        for page in (Page(None, self._described.datasets), *pages):
            block = self._describer.page(page, len(pages), self._syntax.format.name)
            yield f"pages/{page.number or WHOLE}", self._document(block, page.datasets)
        for dataset in self._described.datasets:
            yield f"datasets/{dataset.slug}", self._document(Block(), [dataset])
        for node in self._shared:
            place, _, name = node.rpartition("/catalog/")[2].partition("/")
            if place in AGENTS:
                yield f"{place}/{name}", self._document(Block(uses={node}), [])

    def _written(self, block: Block) -> tuple[str, set[URIRef]]:
        return self._syntax.block(block.graph), block.uses

    def _document(self, first: Block, datasets: Sequence[Dataset]) -> str:
        """A block, those of some datasets, and all that they use, each once."""
        own = [self._written(first), *(self._datasets[dataset.slug] for dataset in datasets)]
        used = self._followed(set().union(*(uses for _, uses in own)))
        shared = [self._shared[node][0] for node in sorted(used)]
        texts = [own[0][0], *shared, *(text for text, _ in own[1:])]
        return self._syntax.document(text for text in texts if text.strip())

    def _followed(self, used: set[URIRef]) -> set[URIRef]:
        """With what the used ones use themselves."""
        found = set(used)
        waiting = list(used)
        while waiting:
            new = self._shared[waiting.pop()][1] - found
            found |= new
            waiting += new
        return found
