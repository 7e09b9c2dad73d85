"""Blocks of triples as files. rdflib writes every block once; a file is some blocks in a frame."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from api.catalogue.namespaces import PREFIXES
from api.formats import GRAPHS, Format

if TYPE_CHECKING:
    from rdflib import Graph

CONTEXT = {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
NODE = re.compile(r" *<rdf:Description .*?</rdf:Description>\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Syntax:
    """How RDF is written: a block by itself, and blocks put together to a document."""

    format: Format
    block: Callable[[Graph], str]
    document: Callable[[Iterable[str]], str]


def _turtle_block(graph: Graph) -> str:
    """Without the prefixes, which the document has once."""
    written = graph.serialize(format="turtle")
    lines = dropwhile(lambda line: line.startswith("@prefix "), written.splitlines(keepends=True))
    return "".join(lines).strip("\n") + "\n"


def _turtle(blocks: Iterable[str]) -> str:
    prefixes = "".join(f"@prefix {name}: <{uri}> .\n" for name, uri in CONTEXT.items())
    return "\n".join((prefixes, *blocks))


def _xml_block(graph: Graph) -> str:
    """In the order of the nodes: rdflib's own differs from process to process."""
    return "".join(sorted(NODE.findall(graph.serialize(format="xml"))))


def _xml(blocks: Iterable[str]) -> str:
    names = "".join(f'\n   xmlns:{name}="{uri}"' for name, uri in CONTEXT.items())
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF{names}\n>\n'
    return "".join((head, *blocks, "</rdf:RDF>\n"))


def _json_block(graph: Graph) -> str:
    if not graph:
        return ""
    document: dict[str, Any] = json.loads(graph.serialize(format="json-ld", context=CONTEXT))
    del document["@context"]
    nodes: list[dict[str, Any]] = document.get("@graph", [document])
    nodes.sort(key=lambda node: node["@id"])
    return ",\n".join(json.dumps(node, ensure_ascii=False, sort_keys=True) for node in nodes)


def _json(blocks: Iterable[str]) -> str:
    context = json.dumps(CONTEXT, ensure_ascii=False)
    nodes = ",\n".join(filter(None, blocks))
    return f'{{"@context": {context},\n"@graph": [\n{nodes}\n]}}\n'


SYNTAXES: Mapping[str, Syntax] = {
    name: Syntax(GRAPHS[name], block, document)
    for name, block, document in (
        ("ttl", _turtle_block, _turtle),
        ("rdf", _xml_block, _xml),
        ("jsonld", _json_block, _json),
    )
}
