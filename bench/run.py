"""The bench: contestants take turns, case by case and round by round, in one run on one machine."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import psycopg

from bench import cubes
from bench.checks import SAMPLES, check, fetch
from bench.exports import copy, export
from bench.load import Turn, WrongAnswer, find_wrk, request, transact
from bench.questions import Question, deep, ours, peers, questions
from bench.results import (
    CACHED,
    CUBE,
    CUBE_COPY,
    CUBE_LINES,
    EXPORT,
    LINES,
    REFERENCE,
    UNCACHED,
    Results,
)
from bench.servers import (
    Plan,
    Server,
    can,
    found_on_path,
    pygeoapi,
    quartier,
    running,
    tipg,
)
from bench.stage import Amount, measure_offerings, measure_years, staged
from bench.statements import statements
from bench.yardstick import answer, filled, write_script
from db.cluster import Cluster
from seed.load import Progress

CASES = (
    "item", "page-10", "page-100", "bbox-small", "bbox-medium", "bbox-county", "category", "near",
    "search", "districts", "deep", "export", "publication", "jsonstat", "map-0", "map-200", "cube",
    "years",
)  # fmt: skip
DEEP_PAGES = 8
GROWTH = ("item", "page-100", "near", "deep")  # what must not slow down as offerings are added
IN_VARIANTS = ("item", "page-10", "page-100")
GZIP = "page-100"
PUBLICATION, OBSERVED = "publication", "years"
FEATURE = b'"Feature"'


@dataclass(frozen=True)
class Order:
    """What is asked for: how many offerings, which cases (none: all), how long each turn takes.

    `warm_up` is how long the turn before the first round takes; without it there is none.
    """

    folder: Path
    offerings: int
    indicators: int = 200
    against: int | None = None
    only: Collection[str] = ()
    rounds: int = 5
    seconds: float = 3.0
    warm_up: float = 1.0
    peers: bool = True

    def wants(self, case: str) -> bool:
        return not self.only or case in self.only

    def amount(self, offerings: int) -> Amount:
        return Amount(offerings, self.indicators)

    def turns(self) -> Iterator[tuple[int, float]]:
        """The number of each round and the seconds of its turns; number 0 only warms up."""
        if self.warm_up:
            yield 0, self.warm_up
        for number in range(1, self.rounds + 1):
            yield number, self.seconds


@dataclass(frozen=True)
class Contestant:
    """A server asked in one way, or (without one) the reference."""

    name: str
    server: Server | None
    cases: Collection[str] = ()  # none: all it can be asked
    headers: Sequence[str] = ()

    def takes(self, question: Question) -> bool:
        if self.cases and question.name not in self.cases:
            return False
        return self.server is None or self.server.kind in question.paths


def run(order: Order, *, progress: Progress) -> Results:
    find_wrk()
    results = Results(order.offerings, order.indicators, order.against, partial=bool(order.only))
    (order.folder / "logs").mkdir(parents=True, exist_ok=True)
    if order.against:
        _measure_growth(order, results, progress)
        return results
    with _staged(order, order.offerings, progress) as cluster:
        _publish(order, cluster, results, progress)
        _measure(order, cluster, results, progress)
    return results


def _staged(order: Order, offerings: int, progress: Progress) -> AbstractContextManager[Cluster]:
    return staged(order.folder / f"{offerings}", order.amount(offerings), progress=progress)


def _publish(order: Order, cluster: Cluster, results: Results, progress: Progress) -> None:
    if order.wants(PUBLICATION):
        progress("publishing all, changed")
        results.publications |= measure_offerings(cluster, order.rounds)
    if order.wants(OBSERVED) and order.indicators:
        progress("publishing further years")
        results.publications |= measure_years(cluster, order.amount(order.offerings), order.rounds)


# --- side by side --------------------------------------------------------------------------------


def _measure(order: Order, cluster: Cluster, results: Results, progress: Progress) -> None:
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(cluster.owner_url, autocommit=True))
        servers = [
            stack.enter_context(running(plan, order.folder / "logs"))
            for plan in _plans(order, cluster, progress)
        ]
        results.versions = _versions(connection, servers)
        contestants = _contestants(servers)
        for question in _wanted(order, connection, servers[0]):
            results.titles[question.name] = question.title
            taking = [one for one in contestants if one.takes(question)]
            taking = _checked(question, taking, connection, results)
            _take_turns(order, cluster, question, taking, results, progress)
        if order.indicators:
            _measure_races(order, cluster, connection, servers[0], results, progress)
        if order.wants(EXPORT):
            _measure_exports(order, cluster, connection, servers, results, progress)
        if order.indicators and order.wants(CUBE):
            _measure_cube(order, cluster, connection, servers[0], results, progress)


def _plans(order: Order, cluster: Cluster, progress: Progress) -> Iterator[Plan]:
    yield from plans_of_ours(order, cluster)
    if order.peers:
        environments = order.folder / "environments"
        yield tipg(cluster, environments, progress=progress)
        yield pygeoapi(cluster, environments, progress=progress)
        yield from found_on_path(cluster)


def plans_of_ours(order: Order, cluster: Cluster) -> Iterator[Plan]:
    """The uncached one is the first. Variants are started where a case is for them."""
    yield quartier(cluster, UNCACHED, cached=False)
    if can("cache_bytes"):
        yield quartier(cluster, CACHED, cached=True)
    if any(map(order.wants, IN_VARIANTS)):
        yield from _variants(cluster)


def _variants(cluster: Cluster) -> Iterator[Plan]:
    yield quartier(cluster, "quartier-log", cached=False, access_log=True)
    if can("cache_bytes"):
        yield quartier(cluster, "quartier-cached-log", cached=True, access_log=True)
    if can("workers"):
        yield quartier(cluster, "quartier-2", cached=False, workers=2)
        yield quartier(cluster, "quartier-cached-2", cached=True, workers=2)


def _contestants(servers: Sequence[Server]) -> list[Contestant]:
    main = (UNCACHED, CACHED)
    plain = [
        Contestant(
            server.name,
            server,
            IN_VARIANTS if server.kind == "quartier" and server.name not in main else (),
        )
        for server in servers
    ]
    zipped = [
        Contestant(f"{server.name}-gzip", server, (GZIP,), ("Accept-Encoding: gzip",))
        for server in servers
        if server.name in (*main, "tipg")
    ]
    return [*plain, *zipped, Contestant(REFERENCE, None)]


def _wanted(
    order: Order, connection: psycopg.Connection[Any], server: Server
) -> Iterator[Question]:
    count = _count(connection)
    cursors = _cursors(server, count) if order.wants("deep") else [""]
    for question in questions(connection, count, cursors):
        if order.wants(question.name):
            yield question


def _count(connection: psycopg.Connection[Any], name: str = "count") -> int:
    found = connection.execute(statements("arguments")[name]).fetchone()
    assert found
    return int(found[0])


def _cursors(server: Server, count: int) -> list[str]:
    """Where deep pages begin, by walking there."""
    path, left = "", deep(count)
    while left:
        limit = min(left, 10_000)
        left -= limit
        path = ours("offerings", limit=limit, **({"cursor": path} if path else {}))
        path = _next_cursor(server, path)
    cursors = [path]
    while len(cursors) < min(DEEP_PAGES, max(1, count // 1000)):
        cursors.append(_next_cursor(server, ours("offerings", limit=100, cursor=cursors[-1])))
    return cursors


def _next_cursor(server: Server, path: str) -> str:
    links = fetch(server.url + path, server.kind)["links"]
    target = next(link["href"] for link in links if link["rel"] == "next")
    return str(parse_qs(urlsplit(target).query)["cursor"][0])


def _checked(
    question: Question,
    taking: Sequence[Contestant],
    connection: psycopg.Connection[Any],
    results: Results,
) -> list[Contestant]:
    """Those that answer rightly. One that somebody else installed may fail; ours and pinned not."""
    expected = _expected(question, connection)
    fit = []
    for one in taking:
        try:
            check(question, [one.server] if one.server else [], expected)
        except WrongAnswer as wrong:
            if one.server is None or one.server.kind in ("quartier", "tipg", "pygeoapi"):
                raise
            results.left_out[f"{one.name}, {question.title}"] = str(wrong)
        else:
            fit.append(one)
    return fit


def _expected(question: Question, connection: psycopg.Connection[Any]) -> list[Any]:
    if question.statement is None:
        return []
    numbers = range(1, min(SAMPLES, question.arguments) + 1)
    return [answer(connection, question.statement, number) for number in numbers]


def _take_turns(
    order: Order,
    cluster: Cluster,
    question: Question,
    taking: Sequence[Contestant],
    results: Results,
    progress: Progress,
) -> None:
    """Every second round is taken backwards."""
    rates: dict[str, list[float]] = {one.name: [] for one in taking}
    for number, seconds in order.turns():
        progress(f"{question.title}: round {number} of {order.rounds}")
        for one in taking[:: 1 if number % 2 else -1]:
            turn = _turn(order, cluster, question, one, seconds)
            if one.server:
                results.bytes_each.setdefault(question.name, {})[one.name] = turn.bytes_each
            if number:
                rates[one.name].append(turn.rate)
    results.rates[question.name] = rates


def _turn(
    order: Order, cluster: Cluster, question: Question, one: Contestant, seconds: float
) -> Turn:
    if one.server is None:
        assert question.statement
        file = order.folder / "logs" / f"{question.name}.sql"
        write_script(question.statement, question.arguments, file)
        return transact(
            cluster.program("pgbench"),
            cluster.owner_url,
            file,
            seconds,
            custom_plan=question.custom_plan,
        )
    return _asked(order, question, one, seconds)


def _asked(order: Order, question: Question, one: Contestant, seconds: float) -> Turn:
    assert one.server
    file = order.folder / "logs" / f"{question.name}.{one.name}"
    file.write_text("\n".join(question.paths[one.server.kind]) + "\n", encoding="utf-8")
    return request(one.server.url, file, seconds, headers=one.headers)


# --- indicators ----------------------------------------------------------------------------------


def _measure_races(
    order: Order,
    cluster: Cluster,
    connection: psycopg.Connection[Any],
    server: Server,
    results: Results,
    progress: Progress,
) -> None:
    """Asked of one server, which no other request disturbs."""
    for race in cubes.races(connection, order.amount(order.offerings).statistics):
        if not order.wants(race.name):
            continue
        cubes.check(race, server)
        results.titles[race.name] = race.title
        rates: dict[str, list[float]] = {name: [] for name in race.contestants}
        for number, seconds in order.turns():
            progress(f"{race.title}: round {number} of {order.rounds}")
            for name in race.contestants[:: 1 if number % 2 else -1]:
                turn = _ran(order, cluster, race, server, name, seconds)
                if number:
                    rates[name].append(turn.rate)
        results.races[race.name] = rates


def _ran(
    order: Order, cluster: Cluster, race: cubes.Race, server: Server, name: str, seconds: float
) -> Turn:
    file = order.folder / "logs" / f"{race.name}.{name}"
    if name not in race.paths:
        assert race.statement
        write_script(race.statement, len(race.paths[UNCACHED]), file)
        return transact(cluster.program("pgbench"), cluster.owner_url, file, seconds)
    file.write_text("\n".join(race.paths[name]) + "\n", encoding="utf-8")
    return request(server.url, file, seconds)


# --- exports -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exporter:
    """Who can send everything at once, by which path, with what in it once a feature."""

    server: Server
    path: str
    mark: bytes
    rounds: int


def _measure_exports(
    order: Order,
    cluster: Cluster,
    connection: psycopg.Connection[Any],
    servers: Sequence[Server],
    results: Results,
    progress: Progress,
) -> None:
    count = _count(connection)
    bare = filled(connection, "export", {}).as_string(connection)
    exporters = list(_exporters(order, servers, count))
    seconds = results.seconds.setdefault(EXPORT, {})
    for number in range(order.rounds):
        progress(f"full export: round {number + 1} of {order.rounds}")
        took = copy(cluster.program("psql"), cluster.owner_url, bare)
        seconds.setdefault("copy", []).append(took)
        for one in exporters:
            if number < one.rounds:
                _export(one, count, results)


def _exporters(order: Order, servers: Sequence[Server], count: int) -> Iterator[Exporter]:
    """Ours as GeoJSON where this version can, and as lines; pygeoapi once, as it takes so long."""
    for server in servers:
        if server.name == UNCACHED:
            if _answers(server, ours("offerings", limit="all")):
                yield Exporter(server, ours("offerings", limit="all"), FEATURE, order.rounds)
            lines = replace(server, name=LINES)
            yield Exporter(lines, "/v1/offerings.ndjson", b"\n", order.rounds)
        elif server.kind != "quartier":
            rounds = 1 if server.kind == "pygeoapi" else order.rounds
            path = peers("offering", [{"limit": count}])[server.kind][0]
            yield Exporter(server, path, FEATURE, rounds)


def _measure_cube(
    order: Order,
    cluster: Cluster,
    connection: psycopg.Connection[Any],
    server: Server,
    results: Results,
    progress: Progress,
) -> None:
    """All observations as CSV, which has a line more for its head."""
    count = _count(connection, "observations")
    lines = Exporter(replace(server, name=CUBE_LINES), "/v1/observations.csv", b"\n", order.rounds)
    bare = statements("reference")[CUBE]
    for number in range(order.rounds):
        progress(f"all observations as CSV: round {number + 1} of {order.rounds}")
        took = copy(cluster.program("psql"), cluster.owner_url, bare)
        results.seconds.setdefault(CUBE, {}).setdefault(CUBE_COPY, []).append(took)
        _export(lines, count + 1, results, CUBE)


def _answers(server: Server, path: str) -> bool:
    try:
        with urlopen(server.url + path, timeout=60) as answer:  # noqa: S310 - http on this machine
            return bool(answer.read(1))
    except HTTPError:
        return False


def _export(one: Exporter, count: int, results: Results, case: str = EXPORT) -> None:
    done = export(one.server, one.path, one.mark)
    if done.features != count:
        raise WrongAnswer(f"{one.server.name} exports {done.features} of {count}")
    results.seconds[case].setdefault(one.server.name, []).append(done.seconds)
    results.first_byte.setdefault(one.server.name, []).append(done.first_byte)
    results.growth.setdefault(one.server.name, []).append(done.growth)


# --- more offerings ------------------------------------------------------------------------------


def _measure_growth(order: Order, results: Results, progress: Progress) -> None:
    """The same questions to two servers, one with more offerings; neither counts."""
    assert order.against
    with ExitStack() as stack:
        asked: dict[str, list[tuple[Contestant, Question]]] = {}
        servers = []
        for count in (order.against, order.offerings):
            cluster = stack.enter_context(_staged(order, count, progress))
            plan = quartier(cluster, f"{count:,}", cached=False)
            server = stack.enter_context(running(plan, order.folder / "logs"))
            connection = stack.enter_context(psycopg.connect(cluster.owner_url, autocommit=True))
            for question in _wanted(order, connection, server):
                if question.name in GROWTH:
                    uncounted = _uncounted(question)
                    check(uncounted, [server], [])
                    pair = (Contestant(server.name, server), uncounted)
                    asked.setdefault(question.name, []).append(pair)
            servers.append(server)
            results.versions = _versions(connection, servers[:1])
        for name, pairs in asked.items():
            results.titles[name] = pairs[-1][1].title
            results.rates[name] = _rounds(order, pairs, progress)


def _uncounted(question: Question) -> Question:
    paths = [
        path if question.name == "item" else f"{path}&count=none"
        for path in question.paths["quartier"]
    ]
    return replace(question, paths={"quartier": paths})


def _rounds(
    order: Order, pairs: Sequence[tuple[Contestant, Question]], progress: Progress
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {one.name: [] for one, _ in pairs}
    for number, seconds in order.turns():
        progress(f"{pairs[-1][1].title}: round {number} of {order.rounds}")
        for one, question in pairs[:: 1 if number % 2 else -1]:
            turn = _asked(order, question, one, seconds)
            if number:
                rates[one.name].append(turn.rate)
    return rates


# --- what was measured ---------------------------------------------------------------------------


def _versions(connection: psycopg.Connection[Any], servers: Sequence[Server]) -> dict[str, str]:
    found = connection.execute(statements("arguments")["versions"]).fetchone()
    assert found
    told = subprocess.run([find_wrk(), "-v"], capture_output=True, text=True, check=False)
    own = {server.kind: server.version for server in servers}
    return {
        **own,
        "PostgreSQL": found[0].partition(" ")[0],
        "PostGIS": found[1],
        "Python": platform.python_version(),
        "wrk": (told.stdout.split() or ["", "unknown"])[1].removeprefix("debian/"),
        "cores": str(os.cpu_count()),
    }
