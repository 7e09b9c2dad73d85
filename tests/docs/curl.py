"""As much of curl as the pages use, for machines without it: a program that speaks HTTP/1.1."""

from __future__ import annotations

import argparse
import sys
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlsplit


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    answer, body = _fetch(given)
    if given.etag_save and answer.headers["ETag"]:
        Path(given.etag_save).write_text(answer.headers["ETag"])
    failed = given.fail and answer.status >= 400
    if not failed:
        _show(given, answer, body)
    if given.write_out:
        told = given.write_out.replace("%{http_code}", str(answer.status))
        sys.stdout.write(told.replace("\\n", "\n"))
    return 22 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("curl", allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-S", "--show-error", action="store_true")
    parser.add_argument("-f", "--fail", action="store_true")
    parser.add_argument("-i", "--include", action="store_true")
    parser.add_argument("-I", "--head", action="store_true")
    parser.add_argument("-G", "--get", action="store_true")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data")
    parser.add_argument("--data-urlencode", action="append", default=[])
    parser.add_argument("-o", "--output")
    parser.add_argument("-w", "--write-out")
    parser.add_argument("--etag-save")
    parser.add_argument("--etag-compare")
    return parser


def _fetch(given: argparse.Namespace) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(given.url)
    pairs = [_encoded(pair) for pair in given.data_urlencode] if given.get else []
    query = "&".join(filter(None, [parts.query, *pairs]))
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(
        given.request or ("HEAD" if given.head else "POST" if given.data else "GET"),
        (parts.path or "/") + (f"?{query}" if query else ""),
        given.data.encode() if given.data else None,
        _headers(given),
    )
    answer = connection.getresponse()
    return answer, answer.read()


def _headers(given: argparse.Namespace) -> dict[str, str]:
    headers = dict(line.split(": ", 1) for line in given.header)
    if given.data:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    if given.etag_compare and Path(given.etag_compare).exists():
        headers["If-None-Match"] = Path(given.etag_compare).read_text().strip()
    return headers


def _encoded(pair: str) -> str:
    name, _, value = pair.partition("=")
    return f"{name}={quote(value, safe='')}"


def _show(given: argparse.Namespace, answer: HTTPResponse, body: bytes) -> None:
    if given.include or given.head:
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders()]
        sys.stdout.write("\n".join([*lines, "", ""]))
        sys.stdout.flush()
    if not given.output:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
    elif body:
        Path(given.output).write_bytes(body)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
