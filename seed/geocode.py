"""Geocoding without a service: addresses are looked up in files of house coordinates.

What is found goes to sites that have no point, or only that of their municipality, with how well it
is known as `precision`. Nothing leaves the machine, and no better point is overwritten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from db.geocoding import (
    Addressed,
    House,
    NamedPlace,
    Sought,
    addressed,
    load_houses,
    lock_houses,
    look_up,
    municipalities,
    place_sites,
    sources,
    stated_places,
    towns_of_houses,
)
from db.imports import begin_run, finish_run
from db.registry import writer
from seed.addresses import Located, Town, parse_street, postcode, town
from seed.geocode_report import GeocodeReport, HousesReport, Result
from seed.houses import HouseFile, open_houses
from seed.identity import slugify
from seed.readers import UnreadableError

STEP = 10_000  # houses between two signs of progress
WRONG_PLACE = 0.5  # of a file's houses: if more lie outside, the coordinates mean something else

Progress = Callable[[str, int], None]
"""Told of a file's name and how many of its rows are read."""


def geocode(
    url: str,
    *,
    files: Sequence[Path] = (),
    dry_run: bool = False,
    actor: str,
    progress: Progress = lambda *_: None,
) -> GeocodeReport:
    """Load files of houses and find addresses in all that are loaded, in one transaction.

    If a file is refused nothing is done: what is missing could make a wrong place the only one.
    """
    report = GeocodeReport(dry_run)
    with writer(url, actor) as connection:
        attempt = connection.begin_nested()
        lock_houses(connection)
        _load_all(connection, files, report, progress)
        report.sources = [name for name, _ in sources(connection)]
        if not report.refused:
            _find(connection, report, actor)
        if dry_run or report.refused:
            report.run = None
            attempt.rollback()
    return report


# --- houses --------------------------------------------------------------------------------------


def source_of(file: Path) -> str:
    """The name by which a file replaces an older one: its own, without a date.

    `hk_sn_adressen_20260702.txt` -> `hk-sn-adressen`.
    """
    name = file.name.removesuffix(".gz").rpartition(".")[0] or file.name
    undated = re.sub(r"(?<!\d)(?:19|20)\d\d(?:[-_.]?\d\d){0,2}(?!\d)", "", name)
    return slugify(undated if re.search(r"[^\W\d_]", undated) else name)


def _load_all(
    connection: Connection, files: Sequence[Path], report: GeocodeReport, progress: Progress
) -> None:
    for file in files:
        houses = HousesReport(str(file), source_of(file))
        if houses.source in [other.source for other in report.houses]:
            houses.refused = f"another file is called {houses.source} too, and would be replaced"
        else:
            _load(connection, file, houses, progress)
        report.houses.append(houses)


def _load(connection: Connection, file: Path, report: HousesReport, progress: Progress) -> None:
    attempt = connection.begin_nested()
    try:
        opened = open_houses(file)
        report.kind = opened.kind
        counted = _counted(opened, progress)
        loaded = load_houses(connection, report.source, counted, opened.within)
    except (UnreadableError, OSError) as error:
        report.refused = str(error)
        attempt.rollback()
        return
    attempt.commit()
    report.count(opened, loaded)
    if loaded.outside > WRONG_PLACE * (loaded.houses + loaded.outside):
        report.refused = (
            f"{loaded.outside} houses are not in Germany: the coordinates are of another zone than "
            "the file says"
        )
    elif not loaded.houses:
        report.refused = "there is no house in the file"


def _counted(opened: HouseFile, progress: Progress) -> Iterator[House]:
    for number, house in enumerate(opened.houses()):
        if number % STEP == 0:
            progress(opened.path.name, opened.read)
        yield house


# --- addresses -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gazetteer:
    """The towns that are known, and the official keys of those that are registered."""

    stated: Mapping[UUID, Sequence[NamedPlace]]
    known: frozenset[str]
    keys: Mapping[str, frozenset[str]]
    keys_of_short: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, connection: Connection) -> Gazetteer:
        registered = [(town(each.name), each.key) for each in municipalities(connection)]
        names = [(name, key) for name, key in registered if name]
        known = {each for name, _ in names for each in (name.full, name.short) if each}
        return cls(
            stated_places(connection),
            frozenset(known | towns_of_houses(connection)),
            _grouped((name.full, key) for name, key in names if key),
            _grouped((name.short, key) for name, key in names if key and name.short),
        )

    def sought(self, address: Addressed, located: Located) -> Sought:
        """What to look for. A district that is stated names the town as well as the address."""
        stated = self.stated.get(address.district_id, ()) if address.district_id else ()
        wholes = [town(address.town), *(town(each.name) for each in stated if each.is_whole)]
        towns = [each for each in wholes if each]
        parts = [each for place in stated if not place.is_whole and (each := town(place.name))]
        names = list(chain.from_iterable((each.full, each.short) for each in towns))
        keys = {each.key for each in stated if each.key}
        return Sought(
            located.street,
            located.number,
            located.suffix,
            postcode(address.postcode),
            _texts(each.full for each in towns),
            _texts(each.short for each in towns),
            _texts([*(each.part for each in towns), *(each.full for each in parts)]),
            _texts(sorted(keys.union(*(self._keys_of(each) for each in towns)))),
            known=not self.known.isdisjoint(filter(None, names)),
        )

    def _keys_of(self, name: Town) -> frozenset[str]:
        found = (self.keys.get(name.full), self.keys_of_short.get(name.full))
        return frozenset().union(*filter(None, (*found, self.keys.get(name.short or ""))))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, key in pairs:
        found[name] = found.get(name, frozenset()) | {key}
    return found


def _texts(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


def _find(connection: Connection, report: GeocodeReport, actor: str) -> None:
    gazetteer = Gazetteer.of(connection)
    addresses = addressed(connection)
    wanted = [gazetteer.sought(each, parse_street(each.street)) for each in addresses]
    numbers = {each: number for number, each in enumerate(dict.fromkeys(wanted))}
    found = look_up(connection, list(numbers))
    sites = []
    for address, sought in zip(addresses, wanted, strict=True):
        report.results.append(Result.of(address, sought, found[numbers[sought]]))
        if address.entity == "site":
            sites.append((address.id, numbers[sought]))
    _place(connection, sites, report, actor)


def _place(
    connection: Connection, sites: Sequence[tuple[UUID, int]], report: GeocodeReport, actor: str
) -> None:
    """Recorded like an import, so that it can be taken back as a whole, if anything is placed."""
    attempt = connection.begin_nested()
    run = begin_run(
        connection,
        resource="geocode",
        file=", ".join(report.sources),
        sha256=hashlib.sha256("\n".join(report.sources).encode()).hexdigest(),
        mapping="geocode",
        source_id=None,
        actor=actor,
    )
    report.placed = place_sites(connection, sites)
    if not report.placed:
        attempt.rollback()
        return
    report.run = run
    finish_run(connection, run, {"changed": report.placed}, report.summary())
    attempt.commit()
