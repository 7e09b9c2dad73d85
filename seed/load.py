"""Loads the vocabulary and the demonstration set into a registry."""

from collections.abc import Callable

from sqlalchemy import Connection

from db.boundaries import draw_schematic_cells, union_parents
from db.models import Codelist, CodelistTerm, Language, Source
from db.registry import (
    Counts,
    codelist_ids,
    ids_by_slug,
    insert_missing,
    is_empty,
    upsert,
    writer,
)
from seed.demonstration import held_back, read_demonstration, source_batch
from seed.vocabulary import read_vocabulary

Progress = Callable[[str], None]

_ACTOR = "quartier seed"


def load_vocabulary(url: str, *, progress: Progress) -> None:
    """Add the languages and codelist terms that are missing.

    It runs at every start, so it never changes what is there: a label that staff corrected stays
    corrected, and languages are theirs to choose once there are any.
    """
    with writer(url, _ACTOR) as connection:
        added = write_vocabulary(connection)
    if added.new:
        progress(f"Vocabulary: {added.new} languages, codelists and terms added")


def load_demonstration(url: str, *, progress: Progress) -> bool:
    """Load the demonstration set, published; false (and nothing done) if it is there already."""
    with writer(url, _ACTOR) as connection:
        write_vocabulary(connection)
        if _is_loaded(connection):
            return False
        write_demonstration(connection, progress=progress)
    for fact, reason in held_back():
        progress(f"Not loaded: {fact}. {reason}")
    return True


def write_vocabulary(connection: Connection) -> Counts:
    vocabulary = read_vocabulary()
    added = Counts()
    if is_empty(connection, Language):
        added += insert_missing(connection, Language, vocabulary.languages)
    added += insert_missing(connection, Codelist, vocabulary.codelists)
    ours = codelist_ids(connection)  # not one that somebody else made, by the same name
    terms = [term for term in vocabulary.terms if term["codelist_id"] in ours]
    return added + insert_missing(connection, CodelistTerm, terms)


def write_demonstration(connection: Connection, *, progress: Progress) -> Counts:
    """Write every row; what is there as it should be is left alone."""
    total = Counts()
    for model, rows in read_demonstration():
        written = upsert(connection, model, rows)
        total += written
        progress(f"{model.__tablename__}: {len(rows)} rows")
    drawn = draw_schematic_cells(connection) + union_parents(connection)
    progress(f"Schematic boundaries: {drawn} drawn")
    return total


def _is_loaded(connection: Connection) -> bool:
    """By any source of its own: what staff changed or deleted since is theirs."""
    own = {row["slug"] for row in source_batch().rows}
    return not own.isdisjoint(ids_by_slug(connection, Source))
