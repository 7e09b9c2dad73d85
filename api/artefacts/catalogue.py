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
    blocks = Blocks(described)
    for syntax in SYNTAXES.values():
        for name, text in written(blocks, syntax):
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


def written(blocks: Blocks, syntax: Syntax) -> Iterator[tuple[str, str]]:
    """Names of files without suffix, and what is in them."""
    yield from _Writer(blocks, syntax).files()


class Blocks:
    """The triples of a catalogue, made once for all syntaxes."""

    def __init__(self, described: Catalogue) -> None:
        self.described = described
        self.describer = Describer(described)
        self.shared = self.describer.shared()
        self.datasets = {each.slug: self.describer.dataset(each) for each in described.datasets}


class _Writer:
    """Puts blocks together to the files of one syntax."""

    def __init__(self, blocks: Blocks, syntax: Syntax) -> None:
        self._blocks = blocks
        self._syntax = syntax
        self._shared = {node: self._written(block) for node, block in blocks.shared.items()}
        self._datasets = {slug: self._written(block) for slug, block in blocks.datasets.items()}

    def files(self) -> Iterator[tuple[str, str]]:
        described, describer = self._blocks.described, self._blocks.describer
        pages = pages_of(described)
        for page in (Page(None, described.datasets), *pages):
            block = describer.page(page, len(pages), self._syntax.format.name)
            yield f"pages/{page.number or WHOLE}", self._document(block, page.datasets)
        for dataset in described.datasets:
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
