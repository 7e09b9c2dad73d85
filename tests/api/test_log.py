"""The log says what happened, costs no answer, and can be left out."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest

from api.logs import Answered, JsonLines, Lines, TextLines
from tests.api.processes import served
from tests.api.test_robustness import find, until
from tests.databases import Database
from tests.servers import PATIENCE, ROOT, free_port, wait_until_it_answers

LIST = "/v1/offerings?limit=1"
FIELDS = (
    "time", "level", "logger", "message",
    "request_id", "method", "path", "query", "status", "bytes", "ms", "client",
)  # fmt: skip
ANSWERED = Answered("id-1", "GET", '/v1/"ö"\n\x00\u2028', "q=ä&b=%20", 200, 17, 0.00123, "::1")


@contextmanager
def serving_to(public_url: str, stderr: int | IO[Any], **more: str) -> Iterator[tuple[str, Any]]:
    """A server whose standard error is the one given; it must end well."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_PUBLIC_URL": public_url, "PORT": str(port), **more},
        stderr=stderr,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_it_answers(process, f"{url}/health/live")
        yield url, process
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait(PATIENCE)


def all_answer(url: str, path: str = LIST, count: int = 50) -> None:
    with httpx2.Client(base_url=url, timeout=5) as caller:
        assert {caller.get(path).status_code for _ in range(count)} == {200}
        assert caller.get("/v1/offerings?unknown=1").status_code == 400


# Where nobody reads


def test_a_full_disk_costs_no_answer(county_database: Database) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        serving_to(county_database.public_url, full) as (url, _),
    ):
        all_answer(url)


def test_a_closed_pipe_costs_no_answer(county_database: Database) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe, serving_to(county_database.public_url, pipe) as (url, _):
        all_answer(url)


def test_standard_error_may_be_closed(county_database: Database) -> None:
    port = free_port()
    command = f"exec {sys.executable} -m cli serve 2>&-"
    variables = {"DATABASE_PUBLIC_URL": county_database.public_url, "PORT": str(port)}
    process = subprocess.Popen(["sh", "-c", command], cwd=ROOT, env=os.environ | variables)
    try:
        wait_until_it_answers(process, f"http://127.0.0.1:{port}/health/live")
        all_answer(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_reader_that_stands_still_costs_no_answer(county_database: Database) -> None:
    """Four times what a pipe holds, and an end that does not wait for it."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe, os.fdopen(reader, "rb") as stalled:
        with serving_to(county_database.public_url, pipe) as (url, process):
            began = time.monotonic()
            all_answer(url, "/health/live?" + "&" * 3000, 80)
            assert time.monotonic() - began < 5
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        pipe.close()
        held = stalled.read()
    assert 40_000 < len(held) <= 65536
    assert held.count(b'"status": 200') >= 12


# What is written


def test_a_request_has_every_field(county_database: Database, tmp_path: Path) -> None:
    with served(county_database.public_url, tmp_path / "log") as server:
        answer = httpx2.get(server.url + LIST, headers={"Accept-Encoding": "identity"})
        entry = find(server, answer.headers["x-request-id"])
    assert tuple(entry) == FIELDS
    assert entry["bytes"] == len(answer.content)
    assert entry["client"] == "127.0.0.1"


def test_requests_can_be_left_out(county_database: Database, tmp_path: Path) -> None:
    with served(county_database.public_url, tmp_path / "log", ACCESS_LOG="false") as server:
        assert httpx2.get(server.url + LIST).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        assert "Finished server process" in server.log()[-1]["message"]
        assert not any(line["logger"] == "quartier.access" for line in server.log())


def test_nothing_is_missing_at_the_end(county_database: Database, tmp_path: Path) -> None:
    with served(county_database.public_url, tmp_path / "log") as server:
        ids = [httpx2.get(server.url + LIST).headers["x-request-id"] for _ in range(20)]
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        logged = [line.get("request_id") for line in server.log()]
    assert [entry for entry in logged if entry in ids] == ids


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_a_line_is_what_a_logger_would_write(formatter: JsonLines | TextLines) -> None:
    extra = {
        "request_id": ANSWERED.request_id,
        "method": ANSWERED.method,
        "path": ANSWERED.path,
        "query": ANSWERED.query,
        "status": ANSWERED.status,
        "bytes": ANSWERED.size,
        "ms": 1.23,
        "client": ANSWERED.client,
    }
    record = logging.makeLogRecord(
        {"name": "quartier.access", "levelname": "INFO", "msg": "request", **extra}
    )
    record.created = time.time()
    assert formatter.request(ANSWERED) == formatter.format(record)


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_a_line_stays_short(formatter: JsonLines | TextLines) -> None:
    long = "/" * 100_000
    assert len(formatter.request(ANSWERED._replace(path=long, query=long))) < 10_000


# The writer


def test_lines_that_were_lost_are_counted_and_told() -> None:
    """A pipe without reader, then one that is read."""
    broken, pipe = os.pipe()
    os.close(broken)
    lines = Lines(pipe, lambda count: f"{count} were lost")
    with lines.writing():
        for number in range(3):
            lines.put(str(number))
        until(lambda: lines.lost == 3)
        mended, again = os.pipe()
        os.dup2(again, pipe)
        lines.put("again")
    for file in (pipe, again):
        os.close(file)
    with os.fdopen(mended) as reader:
        assert reader.read() == "3 were lost\nagain\n"


def test_what_waits_has_a_limit() -> None:
    reader, writer = os.pipe()
    lines = Lines(writer, lambda count: f"{count} were lost")
    with lines.writing():
        for _ in range(20_000):
            lines.put("x" * 1000)
        assert lines.lost > 15_000
        os.close(reader)
    os.close(writer)


def test_lines_of_several_processes_stay_whole() -> None:
    """Two writers to one pipe that is always full: each writes whole lines at a time."""
    reader, writer = os.pipe()
    writers = [Lines(writer, str) for _ in range(2)]
    with writers[0].writing(), writers[1].writing():
        for number in range(2000):
            for lines in writers:
                lines.put(json.dumps({"number": number, "rest": "x" * 200}))
        with os.fdopen(reader, encoding="utf-8") as whole:
            found = [json.loads(whole.readline()) for _ in range(4000)]
    os.close(writer)
    assert sorted(entry["number"] for entry in found) == sorted([*range(2000)] * 2)


def test_a_message_that_cannot_be_formatted_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    from api.logs import Log
    from api.settings import Settings

    log = Log(Settings())
    with log.running():
        logging.getLogger("quartier").warning("%d", "not a number")
    assert log.lost == 0
    assert isinstance(sys.stderr, io.TextIOBase)
    assert "Traceback" not in capsys.readouterr().err
