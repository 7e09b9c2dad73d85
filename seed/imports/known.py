"""What an import knows of the registry: districts, terms and entities, by what files call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from uuid import UUID

from sqlalchemy import Connection

from db import lookups
from db.lookups import KnownDistrict, KnownTerm
from seed.keys import UnclearKeyError, match
from seed.reforms import Reforms, Succession
from seed.targets import TARGETS

LABELS = {target.table: target.label for target in TARGETS.values() if target.name != "sites"}
ENTITIES = ("organisation", "offering", "indicator", "strategy", "measure")


class Unknown(ValueError):  # noqa: N818 - reads as the state it reports
    """Nothing, or more than one thing, is called that."""


class Districts:
    """Districts by `scheme:key`, slug, bare key or name, as they are valid at a date."""

    def __init__(self, connection: Connection, within: str | None = None) -> None:
        self.all = {each.id: each for each in lookups.known_districts(connection)}
        self._reforms = Reforms(
            Succession(str(old), str(new), on, share)
            for old, new, on, share in lookups.successions(connection)
        )
        self.keys = {each.key for each in self.all.values() if each.key}
        self._names = _index((_folded(each.name), each.id) for each in self.all.values())
        self._exact = _index(
            (name, each.id)
            for each in self.all.values()
            for name in (each.slug, each.key, f"{each.scheme}:{each.key}")
            if name
        )
        self._within = self._below(self.find(within).id) if within else None

    def find(self, stated: str) -> KnownDistrict:
        """The district of that key, slug or name; raises Unknown."""
        found = (
            self._exact.get(stated)
            or self._exact.get(self._restored(stated))
            or self._inside(self._names.get(_folded(stated), ()))
        )
        if not found:
            raise Unknown(f"no district is called that{self._nearest(stated)}")
        if len(found) > 1:
            raise Unknown(f"{len(found)} districts are called that: give scheme:key")
        return self.all[next(iter(found))]

    def _restored(self, stated: str) -> str:
        """A key as the registry has it: with the leading zero that a spreadsheet took."""
        if not any(character.isdigit() for character in stated):
            return stated
        try:
            found = match(stated, self.keys)
        except UnclearKeyError:
            return stated
        return found.key if found.registered else stated

    def add(self, district: KnownDistrict) -> None:
        self.all[district.id] = district
        for name in (district.key, f"{district.scheme}:{district.key}"):
            if name:
                self._exact.setdefault(name, set()).add(district.id)
        self._names.setdefault(_folded(district.name), set()).add(district.id)

    def at(self, identity: UUID, on: date | None) -> UUID:
        """The district itself, or what it was merged into by that day; raises Unknown."""
        if on is None:
            return identity
        try:
            valid = UUID(self._reforms.valid_at(str(identity), on))
        except UnclearKeyError as error:
            raise Unknown(
                f"{self.all[identity].name} was divided by {on}: name its parts"
            ) from error
        return valid if valid in self.all else identity

    def _inside(self, found: Iterable[UUID]) -> set[UUID]:
        return {each for each in found if self._within is None or each in self._within}

    def _below(self, root: UUID) -> set[UUID]:
        inside = {root}
        while True:
            more = {each.id for each in self.all.values() if each.parent_id in inside}
            if more <= inside:
                return inside
            inside |= more

    def _nearest(self, stated: str) -> str:
        close = get_close_matches(_folded(stated), self._names, n=1)
        if not close:
            return ""
        name = self.all[next(iter(self._names[close[0]]))].name
        return f"; did you mean {name!r}?"


class Terms:
    """Codelist terms by code, or by label in any language."""

    def __init__(self, terms: Iterable[KnownTerm]) -> None:
        self._lists: dict[str, dict[str, UUID]] = defaultdict(dict)
        known = list(terms)
        self._codes = {term.id: term.code for term in known}
        for term in known:
            for label in term.labels:
                self._lists[term.codelist].setdefault(_folded(label), term.id)
        for term in known:  # codes come last: they win over labels
            self._lists[term.codelist][_folded(term.code)] = term.id

    def find(self, codelist: str, stated: str) -> UUID:
        names, folded = self._lists[codelist], _folded(stated)
        if folded in names:
            return names[folded]
        close = get_close_matches(folded, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise Unknown(f"no term of {codelist}{hint}")

    def code(self, codelist: str, stated: str) -> str:
        """The code of a term that is stated by code or label; else what is stated."""
        found = self._lists[codelist].get(_folded(stated)) if codelist in self._lists else None
        return self._codes.get(found, stated) if found else stated

    def add(self, codelist: str, code: str, identity: UUID) -> None:
        self._lists[codelist].setdefault(_folded(code), identity)

    def all_of(self, codelist: str) -> set[UUID]:
        return {*self._lists[codelist].values()}


class Entities:
    """Entities of one kind by slug, name or id."""

    def __init__(self, rows: Iterable[tuple[UUID, str, str]]) -> None:
        known = list(rows)
        self._slugs = {slug: identity for identity, slug, _ in known}
        self._ids = {identity for identity, _, _ in known}
        self._names = _index((_folded(name), identity) for identity, _, name in known if name)

    def find(self, stated: str) -> UUID | None:
        """None where nobody is called that; raises Unknown where several are."""
        if stated in self._slugs:
            return self._slugs[stated]
        if (identity := as_uuid(stated)) in self._ids:
            return identity
        named = self._names.get(_folded(stated), set())
        if len(named) > 1:
            raise Unknown(f"{len(named)} are called that: give the slug")
        return next(iter(named), None)

    def add(self, identity: UUID, name: str) -> None:
        self._names.setdefault(_folded(name), set()).add(identity)


class Known:
    """All of it, read once a file."""

    def __init__(self, connection: Connection, within: str | None = None) -> None:
        self._connection = connection
        self.districts = Districts(connection, within)
        self.terms = Terms(lookups.known_terms(connection))
        self._entities: dict[str, Entities] = {}

    def forget(self) -> None:
        """Ask again who is there: what was registered meanwhile has been undone."""
        self._entities.clear()

    def entities(self, table: str) -> Entities:
        if table not in self._entities:
            model = next(t.model for t in TARGETS.values() if t.table == table)
            self._entities[table] = Entities(
                lookups.labelled(self._connection, model, LABELS[table])
            )
        return self._entities[table]


def as_uuid(stated: str) -> UUID | None:
    """The id that a text is, as it is usually written."""
    try:
        found = UUID(stated)
    except ValueError:
        return None
    return found if str(found) == stated.lower() else None


def _index(pairs: Iterable[tuple[str, UUID]]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = {}
    for name, identity in pairs:
        found.setdefault(name, set()).add(identity)
    return found


def _folded(text: str) -> str:
    """Names differ in capitals and blanks, and are the same."""
    return " ".join(text.casefold().split())
