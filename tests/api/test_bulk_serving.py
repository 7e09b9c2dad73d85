"""/bulk over HTTP: whole, in part, compressed, unchanged, gone, or not there yet."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict, replace
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.artefacts.building import build
from api.artefacts.manifest import Manifest, current
from api.artefacts.snapshot import BASE, Made
from api.resources import RESOURCES
from api.settings import Settings
from tests.api.calls import get
from tests.api.processes import served
from tests.api.test_artefacts import rename_one
from tests.api.test_robustness import until
from tests.conftest import connect_to
from tests.databases import Database

CSV = "/bulk/offerings.csv"
PLAIN = {"Accept-Encoding": "identity"}
LARGE = 30_000_000


@pytest.fixture(scope="module")
def files(county_database: Database, county_artefacts: Path) -> Iterator[TestClient]:
    with connect_to(county_database, artefacts=county_artefacts) as client:
        yield client


@pytest.fixture(scope="module")
def whole(county_artefacts: Path) -> bytes:
    return (county_artefacts / "current" / "bulk" / "offerings.csv").read_bytes()


def manifest_of(folder: Path) -> Manifest:
    found = current(folder)
    assert found
    return found


def write_state(folder: Path, manifest: Manifest, *made: tuple[Made, bytes]) -> None:
    """A state that somebody built, with files of the test's own."""
    (folder / manifest.key).mkdir(parents=True)
    for file, content in made:
        path = folder / manifest.key / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (folder / manifest.key / "manifest.json").write_text(json.dumps(asdict(manifest)))
    (folder / "current").unlink(missing_ok=True)
    (folder / "current").symlink_to(manifest.key)


def state(key: str, sequence: int, *files: Made) -> Manifest:
    moment = "2024-05-07T16:00:00Z"
    return Manifest(key, "code", sequence, moment, moment, 0.1, files)


# --- whole ---------------------------------------------------------------------------------------


def test_every_listed_file_is_there_and_is_what_the_list_says(files: TestClient) -> None:
    index = get(files, "/bulk").json()
    assert len(index["files"]) > 4 * len(RESOURCES)
    for file in index["files"]:
        answer = get(files, file["href"], None, **PLAIN)
        assert len(answer.content) == file["size"] == int(answer.headers["content-length"])
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
        assert answer.headers["content-type"] == file["media_type"]
        name = file["name"]
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["x-sequence"] == str(index["sequence"])
        assert 'rel="describedby"' in answer.headers["link"]


def test_head_says_what_get_says(files: TestClient) -> None:
    for file in get(files, "/bulk").json()["files"]:
        for headers in (PLAIN, {"Accept-Encoding": "gzip"}):
            head, whole = (
                files.request(method, file["href"], headers=headers) for method in ("HEAD", "GET")
            )
            assert head.content == b""
            for answer in (head, whole):
                answer.headers.pop("x-request-id")
            assert head.headers == whole.headers
            assert head.status_code == whole.status_code == 200


def test_a_digest_comes_along(files: TestClient, whole: bytes) -> None:
    for headers, sent in ((PLAIN, whole), ({"Accept-Encoding": "gzip"}, None)):
        with files.stream("GET", CSV, headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
        digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert sent in (raw, None)


def test_who_accepts_gzip_gets_the_twin(files: TestClient, whole: bytes) -> None:
    for accepted in ("gzip", "br, gzip;q=0.5", "*", "zstd, br, gzip"):
        with files.stream("GET", CSV, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(raw) < len(whole)
        assert gzip.decompress(raw) == whole


def test_who_does_not_gets_it_plain(files: TestClient, whole: bytes) -> None:
    """Nothing else is compressed on the way: validators and digest are of these bytes."""
    for accepted in ("identity", "br", "zstd", "gzip;q=0", "*;q=0", ""):
        answer = get(files, CSV, None, **{"Accept-Encoding": accepted})
        assert "content-encoding" not in answer.headers
        assert answer.content == whole


def test_what_is_compressed_already_has_no_twin(files: TestClient) -> None:
    answer = get(files, "/bulk/offerings.parquet", None, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_it_is_not_kept_in_memory(files: TestClient) -> None:
    store = files.app.state.service.store  # type: ignore[attr-defined]
    until(lambda: files.app.state.service.state() is not None)  # type: ignore[attr-defined]
    before = store.size
    for file in get(files, "/bulk").json()["files"]:
        get(files, file["href"])
    assert store.size == before


# --- conditions ----------------------------------------------------------------------------------


def test_a_known_tag_is_304(files: TestClient) -> None:
    for accepted in ("identity", "gzip"):
        tag = get(files, CSV, None, **{"Accept-Encoding": accepted}).headers["etag"]
        assert not tag.startswith("W/")
        for held in (tag, f'"other", {tag}', "*", f"W/{tag}"):
            headers = {"Accept-Encoding": accepted, "If-None-Match": held}
            answer = files.get(CSV, headers=headers)
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
    assert files.get(CSV, headers={"If-None-Match": '"other"'}).status_code == 200


def test_plain_and_compressed_have_tags_of_their_own(files: TestClient) -> None:
    tags = [
        get(files, CSV, None, **{"Accept-Encoding": accepted}).headers["etag"]
        for accepted in ("identity", "gzip")
    ]
    assert len(set(tags)) == 2


def test_a_date_counts_where_there_is_no_tag(files: TestClient) -> None:
    made = get(files, CSV).headers["last-modified"]
    for since, status in ((made, 304), (formatdate(0, usegmt=True), 200), ("yesterday", 200)):
        assert files.get(CSV, headers={"If-Modified-Since": since}).status_code == status
    headers = {"If-Modified-Since": made, "If-None-Match": '"other"'}
    assert files.get(CSV, headers=headers).status_code == 200


# --- parts ---------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_part_is_that_part(files: TestClient, whole: bytes, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(whole) - 1))
    last = data.draw(st.one_of(st.none(), st.integers(first, 2 * len(whole))))
    written = f"bytes={first}-{'' if last is None else last}"
    answer = files.get(CSV, headers={**PLAIN, "Range": written})
    expected = whole[first:] if last is None else whole[first : last + 1]
    assert (answer.status_code, answer.content) == (206, expected)
    end = first + len(expected) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{end}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("length", [1, 100, 10**17])
def test_the_last_bytes(length: int, files: TestClient, whole: bytes) -> None:
    answer = files.get(CSV, headers={**PLAIN, "Range": f"bytes=-{length}"})
    assert (answer.status_code, answer.content) == (206, whole[-length:])


def test_a_compressed_file_has_parts_too(files: TestClient, whole: bytes) -> None:
    parts = []
    for span in ("0-99", "100-"):
        headers = {"Accept-Encoding": "gzip", "Range": f"bytes={span}"}
        with files.stream("GET", CSV, headers=headers) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.status_code == 206
            parts.append(b"".join(answer.iter_raw()))
    assert gzip.decompress(b"".join(parts)) == whole


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=", "bytes=a-b", "lines=0-9", "bytes=0-4,9-12", "bytes=--5", "0-5"],
)
def test_what_is_no_range_is_ignored(asked: str, files: TestClient, whole: bytes) -> None:
    answer = files.get(CSV, headers={**PLAIN, "Range": asked})
    assert (answer.status_code, answer.content) == (200, whole)


@pytest.mark.parametrize("asked", ["bytes={}-", "bytes={}-{}", "bytes=-0"])
def test_what_lies_beyond_the_end_is_416(asked: str, files: TestClient, whole: bytes) -> None:
    answer = files.get(CSV, headers={**PLAIN, "Range": asked.format(len(whole), len(whole) + 9)})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_part_only_of_the_same_file(files: TestClient) -> None:
    known = get(files, CSV, None, **PLAIN).headers
    for held, status in (
        (known["etag"], 206),
        (known["last-modified"], 206),
        ('"other"', 200),
        (f"W/{known['etag']}", 200),
        (formatdate(0, usegmt=True), 200),
    ):
        headers = {**PLAIN, "Range": "bytes=0-9", "If-Range": held}
        assert files.get(CSV, headers=headers).status_code == status, held


# --- states --------------------------------------------------------------------------------------


def test_while_nothing_is_made_it_is_503(county_database: Database, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing", None):
        with connect_to(county_database, artefacts=folder) as client:
            for path in ("/bulk", CSV, "/bulk/1/offerings.csv"):
                answer = client.get(path)
                assert answer.status_code == 503
                assert int(answer.headers["retry-after"]) > 0
                assert answer.headers["content-type"] == "application/problem+json"
                assert client.head(path).status_code == 503


@pytest.mark.parametrize(
    "path",
    [
        "/bulk/none.csv",
        "/bulk/manifest.json",
        "/bulk/offerings.csv.gz",
        "/bulk/..%2Fmanifest.json",
        "/bulk/%2e%2e/manifest.json",
        "/bulk/%2e%2e%2f%2e%2e%2flock",
        "/bulk/..\\..\\lock",
        "/bulk/current/offerings.csv",
        "/bulk/2-0/offerings.csv",
        "/bulk/*/offerings.csv",
        "/bulk/٢/offerings.csv",
        "/bulk/02/offerings.csv",
        "/bulk/-1/offerings.csv",
        "/bulk/99999999999999999999/offerings.csv",
        "/bulk/999/offerings.csv",
        "/bulk/",
    ],
)
def test_what_is_not_listed_is_not_there(path: str, files: TestClient) -> None:
    answer = files.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_unknown_parameters_are_refused(files: TestClient) -> None:
    for path in ("/bulk", CSV, "/bulk/2/offerings.csv"):
        assert files.get(f"{path}?limit=1").status_code == 400


def test_states_are_kept_under_their_number(
    own_county_database: Database, own_county_artefacts: Path
) -> None:
    folder = own_county_artefacts
    first = current(folder)
    assert first
    with connect_to(own_county_database, artefacts=folder) as client:
        before = get(client, CSV).content
        rename_one(own_county_database, "Zweiter Stand")
        second = build(Settings(), own_county_database.public_url, folder)
        assert "Zweiter Stand" in get(client, CSV).text
        assert get(client, "/bulk").json()["kept"] == [second.sequence, first.sequence]
        assert get(client, f"/bulk/{first.sequence}/offerings.csv").content == before
        assert get(client, f"/bulk/{second.sequence}/offerings.csv").text == get(client, CSV).text
        shutil.rmtree(folder / first.key)
        assert client.get(f"/bulk/{first.sequence}/offerings.csv").status_code == 410
        assert client.get(f"/bulk/{second.sequence + 1}/offerings.csv").status_code == 404


def test_a_slow_reader_gets_the_file_he_began(county_database: Database, tmp_path: Path) -> None:
    """Also if its state is removed, and another one takes its place."""
    folder = tmp_path / "artefacts"
    content = b"old bytes " * (LARGE // 10)
    file = Made("bulk/large.bin", "application/octet-stream", "", size=LARGE, sha256="00" * 32)
    write_state(folder, state("1-old", 1, file), (file, content))
    with (
        served(county_database.public_url, tmp_path / "log", ARTEFACTS=str(folder)) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as slow,
    ):
        slow.sendall(b"GET /bulk/large.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = slow.recv(1000)
        new = replace(file, sha256="11" * 32)
        write_state(folder, state("2-new", 2, new), (new, b"new bytes " * (LARGE // 10)))
        shutil.rmtree(folder / "1-old")
        while piece := slow.recv(1 << 20):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert f"content-length: {LARGE}".encode() in head.lower()
    assert body == content


# --- documents that name our addresses -----------------------------------------------------------


def test_a_document_names_the_address_it_was_asked_at(
    county_database: Database, tmp_path: Path
) -> None:
    made = Made("bulk/a.json", "application/json", "", sha256="ab" * 32, addressed=True)
    write_state(tmp_path, state("1-a", 1, made), (made, f'{{"at":"{BASE}/bulk"}}'.encode()))
    for settings_, base in (
        ({}, "http://testserver"),
        ({"public_url": "https://example.org/register"}, "https://example.org/register"),
    ):
        with connect_to(county_database, artefacts=tmp_path, **settings_) as client:
            answer = get(client, "/bulk/a.json")
            assert answer.json() == {"at": f"{base}/bulk"}
            tag = answer.headers["etag"]
            assert client.get("/bulk/a.json", headers={"If-None-Match": tag}).status_code == 304
            assert client.head("/bulk/a.json").headers["etag"] == tag


def test_a_document_is_kept_in_memory_until_there_is_another_state(
    county_database: Database, tmp_path: Path
) -> None:
    made = Made("bulk/a.json", "application/json", "", sha256="ab" * 32, addressed=True)
    write_state(tmp_path, state("1-a", 1, made), (made, b'"old"'))
    with connect_to(county_database, artefacts=tmp_path) as client:
        service = client.app.state.service  # type: ignore[attr-defined]
        until(lambda: service.state() is not None and service.shelf.key == "1-a")
        for _ in range(2):
            assert get(client, "/bulk/a.json").json() == "old"
        assert len(service.store) == 1
        again = replace(made, sha256="cd" * 32)
        write_state(tmp_path, state("2-b", 2, again), (again, b'"new"'))
        until(lambda: client.get("/bulk/a.json").json() == "new", 2.0)
        assert get(client, "/bulk/a.json").headers["x-sequence"] == "2"


# --- for people, and around it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "title"),
    [("de", "Alles zum Herunterladen"), ("sv", "Allt att ladda ner"), ("en", "Everything to")],
)
def test_people_get_a_page(lang: str, title: str, files: TestClient) -> None:
    answer = get(files, f"/bulk?lang={lang}", Accept="text/html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}" in answer.text
    for file in get(files, "/bulk").json()["files"]:
        assert f'href="http://testserver/bulk/{file["name"]}"' in answer.text


def test_the_list_has_a_tag_for_each_of_its_forms(files: TestClient) -> None:
    asked = [("/bulk", "application/json"), ("/bulk?lang=de", "text/html")]
    asked.append(("/bulk?lang=sv", "text/html"))
    tags = [get(files, path, Accept=accepted).headers["etag"] for path, accepted in asked]
    assert len(set(tags)) == 3
    for (path, accepted), tag in zip(asked, tags, strict=True):
        headers = {"Accept": accepted, "If-None-Match": tag}
        assert files.get(path, headers=headers).status_code == 304
        assert files.head(path, headers={"Accept": accepted}).headers["etag"] == tag


def test_how_far_the_files_are_is_told(
    own_county_database: Database, own_county_artefacts: Path
) -> None:
    with connect_to(own_county_database, artefacts=own_county_artefacts) as client:
        assert get(client, "/health/ready").json()["artefacts"] == 2
        rename_one(own_county_database, "Neu")
        ready = get(client, "/health/ready").json()
        assert (ready["sequence"], ready["artefacts"]) == (3, 2)
        until(lambda: "quartier_published_sequence 3.0" in get(client, "/metrics").text)
        text = get(client, "/metrics").text
        assert "quartier_artefacts_sequence 2.0" in text
        assert "quartier_artefacts_failures 0.0" in text
        build(Settings(), own_county_database.public_url, own_county_artefacts)
        until(lambda: "quartier_artefacts_behind_seconds 0.0" in get(client, "/metrics").text)
