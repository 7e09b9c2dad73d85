"""The load generators' words, and that a wrong answer is never taken for a fast one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.load import Turn, WrongAnswer, read_pgbench, read_wrk, request

LINE = (
    "RESULT requests=3000 microseconds=1500000 bytes=300000 p50=900 p99=4000 "
    "status={status} socket={socket} timeout={timeout}\n"
)


def test_wrk_is_read() -> None:
    said = "Running 1s test\n" + LINE.format(status=0, socket=0, timeout=0)
    assert read_wrk(said, "url") == Turn(rate=2000, bytes_each=100, p50=0.0009, p99=0.004)


@pytest.mark.parametrize("kind", ["status", "socket", "timeout"])
def test_one_failure_is_too_many(kind: str) -> None:
    counts = {"status": 0, "socket": 0, "timeout": 0, kind: 1}
    with pytest.raises(WrongAnswer, match=f"'{kind}': 1"):
        read_wrk(LINE.format(**counts), "url")


def test_no_answer_is_none() -> None:
    with pytest.raises(WrongAnswer, match="unable to connect"):
        read_wrk("unable to connect to 127.0.0.1:1", "url")


def test_pgbench_is_read() -> None:
    said = """
number of transactions actually processed: 1500
number of failed transactions: 0 (0.000%)
latency average = 2.6 ms
tps = 1521.338745 (without initial connection time)
"""
    assert read_pgbench(said).rate == 1521.338745
    with pytest.raises(WrongAnswer, match="failures"):
        read_pgbench(said.replace("failed transactions: 0", "failed transactions: 2"))
    with pytest.raises(WrongAnswer, match="failures"):
        read_pgbench("pgbench (15.20)")


class _Pages(BaseHTTPRequestHandler):
    """`/gone` is not there, `/slow` takes its time; every path that was asked for is remembered."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/slow":
            time.sleep(1.5)
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Pages", (_Pages,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_wrk_asks_for_all_paths_in_turn(pages: tuple[str, list[str]], tmp_path: Path) -> None:
    url, asked = pages
    (tmp_path / "paths").write_text("/one\n/two?a=1,2\n/three\n")
    turn = request(url, tmp_path / "paths", 1)
    assert turn.rate > 0
    assert turn.bytes_each > 2
    assert set(asked) == {"/one", "/two?a=1,2", "/three"}
    counts = [asked.count(path) for path in set(asked)]
    assert max(counts) - min(counts) <= 4


def test_a_slow_server_gets_longer(pages: tuple[str, list[str]], tmp_path: Path) -> None:
    (tmp_path / "paths").write_text("/slow\n")
    assert 0 < request(pages[0], tmp_path / "paths", 0.5).rate < 4


def test_wrk_counts_what_is_not_200(pages: tuple[str, list[str]], tmp_path: Path) -> None:
    (tmp_path / "paths").write_text("/one\n/gone\n")
    with pytest.raises(WrongAnswer, match="'status'"):
        request(pages[0], tmp_path / "paths", 1)
