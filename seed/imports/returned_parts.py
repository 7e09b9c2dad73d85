"""The second sheet of an export that came back: the sites of offerings, the statements on measures.

A part is changed, added or taken off its owner by itself: what the file does not have stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from pyproj import CRS
from sqlalchemy import Connection

from db.lookups import parts_of, rows_of
from db.models import Base, OfferingSite, Site
from db.registry import Counts, delete_rows, upsert
from seed.geometry import GeometryError
from seed.geometry.placement import WGS84, Placement, Reading
from seed.geometry.points import point_from_columns
from seed.identity import entity_id, part_id
from seed.imports.additions import AlreadyThere, Newcomers
from seed.imports.changes import Changes, Edit, Verdicts, update_rows
from seed.imports.fields import Reader
from seed.imports.known import Unknown
from seed.imports.parts import SITES, Part, at_site_row, part_row, site_row
from seed.imports.places import Places, places_of, stated_point
from seed.mappings import ValueRefused
from seed.readers import Record
from seed.report import FileReport
from seed.targets import Target
from seed.workbooks.columns import AT_SITE, COORDINATES
from seed.workbooks.returned import JOINT, Judgement, Verdict


class Owner(NamedTuple):
    """What a new part belongs to; it is from the same source."""

    id: UUID
    source: UUID


@dataclass
class ReturnedParts:
    """Writes the rows of a sheet of parts. They are judged together: several may share a site."""

    changes: Changes
    newcomers: Newcomers
    verdicts: Verdicts
    whole: bool = True

    @property
    def reader(self) -> Reader:
        return self.changes.reader

    @property
    def report(self) -> FileReport:
        return self.changes.report

    @property
    def connection(self) -> Connection:
        return self.changes.connection

    @property
    def owner(self) -> Target:
        return self.reader.mapping.target

    @property
    def is_sites(self) -> bool:
        return self.changes.target is SITES

    @property
    def held(self) -> type[Base]:
        """The table whose rows belong to one owner: of sites, that of the links to them."""
        return OfferingSite if self.is_sites else self.changes.model

    def key(self, record: Record) -> str | None:
        return self.verdicts.key(record)

    def write(self, records: Sequence[Record], repeated: Container[str]) -> None:
        found = self.verdicts.of(records, repeated)
        self._add(found[Verdict.NEW])
        self._change(found[Verdict.CHANGED])
        self._remove(found[Verdict.REMOVED])

    # New parts

    def _add(self, judged: Sequence[Judgement]) -> None:
        parts: dict[Owner, list[Part]] = defaultdict(list)
        owners = self._owners(judged)
        for each in judged:
            owner = owners.get(each.owner or "")
            if owner is not None and (part := self._part(each, owner)):
                parts[owner].append(part)
                self.verdicts.note(each, self._id(owner, part), owner.id)
        if not parts:
            return
        self._places(self.report).resolve([part for owned in parts.values() for part in owned])
        counts = self._insert(parts)
        if counts.changed:
            raise AlreadyThere
        self.report.new += counts.new
        self.report.unchanged += counts.unchanged

    def _owners(self, judged: Sequence[Judgement]) -> dict[str, Owner]:
        """By what the rows call them; a row whose owner nobody knows is rejected."""
        ids: dict[str, UUID] = {}
        for each in judged:
            try:
                ids[each.owner or ""] = self._named(each.owner or "")
            except Unknown as unknown:
                self._reject_owner(each, str(unknown))
        wanted = ("source_id", "status")
        rows = rows_of(self.connection, self.owner.model, list(ids.values()), wanted)
        living = {key: source for key, (source, status) in rows.items() if status != "archived"}
        for each in judged:
            if ids.get(each.owner or "") not in (None, *living):
                self._reject_owner(each, f"no {self.owner.table} has this id")
        return {name: Owner(key, living[key]) for name, key in ids.items() if key in living}

    def _reject_owner(self, judged: Judgement, reason: str) -> None:
        self.report.reject(reason, judged.record.position, self.owner.table, judged.owner)

    def _named(self, stated: str) -> UUID:
        try:
            return UUID(stated)
        except ValueError:
            known = self.reader.known.entities(self.owner.table)
        found = self.newcomers.find(stated) or known.find(stated)
        if found is None:
            raise Unknown(f"no {self.owner.table} has this id, slug or {self.owner.label}")
        return found

    def _part(self, judged: Judgement, owner: Owner) -> Part | None:
        record, target = judged.record, self.changes.target
        rules = self.changes.rules
        values = self.reader.read(target, rules, record.properties, record.position)
        if values is None:
            return None
        place = stated_point(record, values, self.report) if self.is_sites else None
        own = (judged.key or "").removeprefix(f"{judged.owner}{JOINT}")
        return Part(record.position, f"{owner.id}{JOINT}{own}", values, place)

    def _insert(self, parts: Mapping[Owner, Sequence[Part]]) -> Counts:
        placed = self._positions(parts)
        if self.is_sites:
            return self._insert_sites(parts, placed)
        column, of = f"{self.owner.table}_id", self.changes.target
        rows = [
            part_row(of, (column, owner.id), owner.source, placed[self._id(owner, part)], part)
            for owner, owned in parts.items()
            for part in owned
        ]
        return upsert(self.connection, self.changes.model, rows)

    def _insert_sites(
        self, parts: Mapping[Owner, Sequence[Part]], placed: Mapping[UUID, int]
    ) -> Counts:
        sites, links = [], []
        for owner, owned in parts.items():
            for part in owned:
                identity = self._id(owner, part)
                sites.append(site_row(identity, owner.source, part, placed=True))
                position = placed[self._held_id(owner, part)]
                links.append(at_site_row(owner.id, identity, position, part))
        changed = upsert(self.connection, Site, sites).changed_ids
        linked = upsert(self.connection, OfferingSite, links)
        standing = {link["site_id"] for link in links if link["id"] not in linked.new_ids}
        # One that was taken off and is added again may have become another.
        return replace(linked, changed=linked.changed + len(changed & standing))

    def _id(self, owner: Owner, part: Part) -> UUID:
        if self.is_sites:
            return entity_id("site", str(owner.source), part.key)
        return part_id(owner.id, self.changes.target.table, part.key)

    def _held_id(self, owner: Owner, part: Part) -> UUID:
        """Of the row that belongs to the owner."""
        identity = self._id(owner, part)
        return part_id(owner.id, "offering_site", identity) if self.is_sites else identity

    def _positions(self, parts: Mapping[Owner, Sequence[Part]]) -> dict[UUID, int]:
        """Behind those that are there; one that is there itself stays where it is."""
        column, owners = f"{self.owner.table}_id", [owner.id for owner in parts]
        wanted = ("id", column, "position")
        standing: dict[UUID, dict[UUID, int]] = defaultdict(dict)
        for row, owner, position in parts_of(self.connection, self.held, column, owners, wanted):
            standing[owner][row] = position
        for each, owned in parts.items():
            there = standing[each.id]
            for part in owned:
                there.setdefault(self._held_id(each, part), max(there.values(), default=-1) + 1)
        return {row: position for rows in standing.values() for row, position in rows.items()}

    # Parts that were changed

    def _change(self, judged: Sequence[Judgement]) -> None:
        if not judged:
            return
        edits = self.changes.edits(judged)
        held = self._held(judged) if self.is_sites else {}
        at_site = {id(edit): _split(edit) for edit in edits}
        if self.is_sites:
            self._move(edits)
        changed = self.changes.write(edits)
        rows = [
            {"id": held[edit.judgement.owner, edit.id], **at_site[id(edit)]}
            for edit in edits
            if at_site[id(edit)]
        ]
        linked = update_rows(self.connection, OfferingSite, rows)
        for edit in edits:
            link = held.get((edit.judgement.owner, edit.id))
            taken = bool(edit.columns or at_site[id(edit)])
            is_changed = edit.id in changed or link in linked
            self.changes.tell(edit, taken=taken, changed=is_changed)
            self.verdicts.note(edit.judgement, edit.id, edit.judgement.owner)

    def _move(self, edits: Iterable[Edit]) -> None:
        """A site that was given another place, or none. One that cannot be stays where it is."""
        moved = [(edit, self._place(edit)) for edit in edits if _is_moved(edit)]
        known = rows_of(self.connection, Site, [edit.id for edit, _ in moved], ("precision",))
        trial = FileReport("")
        self._places(trial).resolve([part for _, part in moved if part is not None])
        said = {each.position: each.reason for each in trial.findings}
        for edit, part in moved:
            if part is None:
                continue
            if part.stated is not None and part.point is None:
                _refuse_place(edit, said[edit.position])
                continue
            if edit.position in said:
                self.report.flag(said[edit.position], edit.position, "geometry")
            edit.columns["point"] = part.point
            (precision,) = known[edit.id]
            if part.point is not None and not edit.columns.get("precision", precision):
                edit.columns["precision"] = "exact"

    def _place(self, edit: Edit) -> Part | None:
        """Where the row says it is now; None if that cannot be understood, which is noted."""
        properties, rules = edit.judgement.record.properties, self.changes.rules
        part = Part(edit.position, "", {})
        try:
            x, y = (rules[name].read(name, properties) for name in COORDINATES)
            if x is None and y is None:
                return part
            if x is None or y is None:
                raise GeometryError("longitude and latitude are stated together, or neither is")
            return replace(part, stated=point_from_columns(x, y))
        except (GeometryError, ValueRefused) as refused:
            _refuse_place(edit, str(refused))
            return None

    # Parts that were taken off

    def _remove(self, judged: Sequence[Judgement]) -> None:
        if not judged:
            return
        if self.is_sites:
            held = self._held(judged)
            ids = [held[each.owner, each.id] for each in judged]
        else:
            ids = [each.id for each in judged if each.id is not None]
        delete_rows(self.connection, self.held, ids)
        self.report.changed += len(judged)

    def _held(self, judged: Sequence[Judgement]) -> dict[tuple[str | None, UUID | None], UUID]:
        """The links of offerings to their sites, by both."""
        owners = {UUID(each.owner) for each in judged if each.owner}
        wanted = ("offering_id", "site_id", "id")
        found = parts_of(self.connection, OfferingSite, "offering_id", owners, wanted)
        return {(str(owner), site): link for owner, site, link in found}

    # Places

    def _places(self, report: FileReport) -> Places:
        return replace(self._territory, report=report)

    @cached_property
    def _territory(self) -> Places:
        """Exports have degrees, longitude first: nothing is to be found out about them."""
        names = {each.id: each.name for each in self.reader.known.districts.all.values()}
        placement = Placement((Reading(CRS.from_user_input(WGS84)),))
        return places_of(self.connection, placement, names, self.report)


def _split(edit: Edit) -> dict[str, Any]:
    """Takes from an edit what differs between offerings of one site."""
    return {name: edit.columns.pop(name) for name in AT_SITE if name in edit.columns}


def _is_moved(edit: Edit) -> bool:
    return not edit.judgement.changed.keys().isdisjoint(COORDINATES)


def _refuse_place(edit: Edit, reason: str) -> None:
    for name in COORDINATES:
        edit.refuse(name, reason)
