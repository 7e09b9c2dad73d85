"""Files are recognised by what is in them, and what cannot be read is refused with a reason."""

import gzip
import json
import os
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from seed.readers import Hints, UnreadableError
from seed.readers.formats import FORMATS, open_file
from tests.seed import biff

Save = Callable[..., Path]
FEATURE = {"type": "Feature", "properties": {"a": 1}, "geometry": None}
GEOJSON = json.dumps({"type": "FeatureCollection", "features": [FEATURE]}).encode()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(content: bytes, name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return saved


@pytest.fixture
def pack(tmp_path: Path) -> Save:
    def packed(files: dict[str, bytes], name: str = "x.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in files.items():
                archive.writestr(member, content)
        return path

    return packed


def xlsx() -> bytes:
    workbook = Workbook()
    workbook.active.append(["a"])
    workbook.active.append([1])
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


@contextmanager
def quickly_and_with_little_memory() -> Iterator[None]:
    begun = time.process_time()
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 5
    assert peak < 50 * 10**6


# --- recognised ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file", "file.csv", "file.xls", "file.json", "file.gpkg"])
@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (b"a;b\n1;2\n", "csv"),
        (GEOJSON, "geojson"),
        (b'[{"a": 1}]', "json"),
        (b'{"a": 1}\n{"a": 2}\n', "ndjson"),
        (json.dumps(FEATURE).encode() + b"\n" + json.dumps(FEATURE).encode(), "geojson-lines"),
        (xlsx(), "xlsx"),
        (biff.workbook([["a"], [1.0]]), "xls"),
    ],
    ids=["csv", "geojson", "json", "ndjson", "geojson-lines", "xlsx", "xls"],
)
def test_content_decides_and_not_the_name(
    save: Save, content: bytes, format_name: str, name: str
) -> None:
    document = open_file(save(content, name))
    assert document.format == format_name
    assert len(list(document.table().records())) >= 1


def test_a_name_that_misleads_is_noted(save: Save) -> None:
    document = open_file(save(GEOJSON, "kitas.csv"))
    assert document.notes[0] == "named .csv, but by its content it is geojson"
    assert list(open_file(save(GEOJSON, "kitas.json")).notes) == []


def test_the_mapping_overrules(save: Save) -> None:
    document = open_file(save(b'["a","b"]\n["c","d"]\n'), Hints(format="csv"))
    assert document.format == "csv"
    with pytest.raises(UnreadableError, match="format 'excel'; there are xlsx, hsds, zip, xls"):
        open_file(save(b"a,b\n"), Hints(format="excel"))
    with pytest.raises(UnreadableError):
        open_file(save(b"a,b\n"), Hints(format="xlsx"))


@pytest.mark.parametrize("hints", [Hints(header_rows=-1), Hints(skip_rows=-1)])
def test_rows_below_zero_are_refused(save: Save, hints: Hints) -> None:
    with pytest.raises(UnreadableError, match="below zero"):
        open_file(save(b"a,b\n"), hints)


def test_every_format_has_a_name_of_its_own() -> None:
    assert len({each.name for each in FORMATS}) == len(FORMATS)


# --- zip -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "content"),
    [("daten.csv", b"a;b\n1;2\n"), ("x/daten.geojson", GEOJSON), ("daten.txt", b"a;b\n1;2\n")],
)
def test_one_file_in_a_zip_is_read(pack: Save, member: str, content: bytes) -> None:
    clutter = {"__MACOSX/._daten.csv": b"\0", ".DS_Store": b"\0", "Thumbs.db": b"\0"}
    document = open_file(pack({member: content} | clutter))
    assert document.format in ("csv", "geojson")
    assert document.table().name == "daten"
    assert len(list(document.table().records())) == 1
    assert all(note.startswith(f"{member} in the zip: ") for note in document.notes)


def test_files_that_say_what_it_is_do_not_matter(pack: Save) -> None:
    readme = {"README.txt": b"text", "LICENSE": b"text", "karte.png": b"\x89PNG"}
    assert len(open_file(pack({"daten.csv": b"a;b\n1;2\n"} | readme)).tables) == 1


def test_several_files_are_several_tables(pack: Save) -> None:
    document = open_file(pack({"a.csv": b"x,y\n", "b.geojson": GEOJSON}))
    assert (document.format, [table.name for table in document.tables]) == ("zip", ["a", "b"])


def test_files_of_one_name_are_told_apart(pack: Save) -> None:
    document = open_file(pack({"2023/kitas.csv": b"x,y\n", "2024/kitas.csv": b"x,z\n"}))
    assert [table.name for table in document.tables] == ["2023/kitas.csv", "2024/kitas.csv"]


def test_the_mapping_says_how_to_read_what_is_in_it(pack: Save) -> None:
    path = pack({"daten.csv": "Straße:Träger\nWeg:Ö\n".encode("cp850")})
    document = open_file(path, Hints(format="csv", encoding="cp850", delimiter=":"))
    assert next(document.table().records()).properties == {"Straße": "Weg", "Träger": "Ö"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "it is empty"),
        ({"a.png": b"\x89PNG", "b.png": b"\x89PNG"}, "nothing that can be read: 'a.png', 'b.png'"),
        ({"a.pdf": b"%PDF-1.7"}, "a PDF document"),
        ({"word/document.xml": b"", "[Content_Types].xml": b""}, "a Word document"),
        ({"content.xml": b"", "mimetype": b""}, "an OpenDocument file"),
        ({"xl/workbook.bin": b""}, "a binary workbook"),
        ({"buch.xlsx": xlsx()}, "'buch.xlsx' is a zip within the zip: unpack it first"),
        ({"buch.xls": biff.workbook([["a"]])}, "'buch.xls' is a workbook within a zip"),
        ({"../../etc/a.csv": b"a,b\n"}, "would leave its folder: '../../etc/a.csv'"),
        ({"/etc/a.csv": b"a,b\n"}, "would leave its folder"),
        ({"C:\\a.csv": b"a,b\n"}, "would leave its folder"),
        ({"x/..\\..\\a.csv": b"a,b\n"}, "would leave its folder"),
    ],
)
def test_zips_that_are_not_read(pack: Save, files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        open_file(pack(files))
    assert reason in str(refused.value)


def test_a_zip_in_a_zip_is_refused(pack: Save) -> None:
    inner = pack({"a.csv": b"a,b\n1,2\n"}, "inner.zip").read_bytes()
    with pytest.raises(UnreadableError, match="zip within the zip"):
        open_file(pack({"inner.zip": inner}))


@pytest.mark.parametrize("name", ["a.csv", "xl/workbook.xml"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as file,
    ):
        for _ in range(300):
            file.write(bytes(10**6))
    with quickly_and_with_little_memory(), pytest.raises(UnreadableError, match="300 MB unpacked"):
        open_file(path)


def test_sizes_that_lie_are_found_out(pack: Save) -> None:
    """A bomb that says it is small: what is longer than it says does not fit its checksum."""
    files = {"xl/workbook.xml": b"<workbook/>", "xl/a.xml": bytes(10**6)}
    path = pack(files, "x.xlsx")
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 10**6), struct.pack("<I", 10)))
    with pytest.raises(UnreadableError, match="damaged"):
        open_file(path)


def test_files_that_overlap_are_refused(pack: Save) -> None:
    """As in the bombs that give one block of data under many names."""
    path = pack({f"{number}.csv": b"a,b\n" + os.urandom(50) for number in range(3)})
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    size = struct.unpack("<I", content[directory + 20 : directory + 24])[0]
    inflated = content[:directory] + content[directory:].replace(
        struct.pack("<I", size), struct.pack("<I", 10 * size)
    )
    path.write_bytes(inflated)
    with pytest.raises(UnreadableError, match="overlap"):
        open_file(path)


def test_a_zip_with_a_password_is_refused(pack: Save) -> None:
    path = pack({"a.csv": b"a,b\n1,2\n"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="needs a password"):
        open_file(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_zip_cut_off_is_refused(pack: Save, share: float) -> None:
    path = pack({"a.csv": b"a,b\n" + os.urandom(1000).hex().encode()})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnreadableError, match="damaged or cut off"):
        open_file(path)


def test_a_zip_with_too_many_files_is_refused(pack: Save) -> None:
    with pytest.raises(UnreadableError, match=r"10,001 files"):
        open_file(pack({f"{number}.csv": b"" for number in range(10_001)}))


# --- what is no table ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document: save the table in it as XLSX or CSV"),
        (b"<!DOCTYPE html>\n<html><table>", "a web page (HTML)"),
        (b"\xef\xbb\xbf\n<html lang='de'>", "a web page (HTML)"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<html xmlns="">', "a web page (HTML)"),
        (b"<table><tr><td>a", "a web page (HTML)"),
        (b'<?xml version="1.0"?><kml xmlns="">', "a KML file"),
        (b'<?xml version="1.0"?><Workbook>', "an XML file"),
        (b"{\\rtf1 a,b}", "an RTF document"),
        (gzip.compress(b"a,b\n", mtime=0), "packed with gzip"),
        (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip"),
        (b"PAR1\x15", "a Parquet file"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_what_it_is_and_what_to_do(save: Save, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        open_file(save(content))
    assert f"it is {reason}" in str(refused.value)


def test_binary_garbage_is_refused(save: Save) -> None:
    for seed in range(20):
        garbage = bytes((seed + number * number * 7 + number // 3) % 256 for number in range(5000))
        with pytest.raises(UnreadableError):
            open_file(save(garbage))


def test_an_empty_file_is_refused(save: Save) -> None:
    with pytest.raises(UnreadableError, match="the file is empty"):
        open_file(save(b"", "x.xlsx"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="a folder, not a file"):
        open_file(tmp_path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        open_file(tmp_path / "nichts.csv")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(UnreadableError, match="no ordinary file"):
        open_file(tmp_path / "x.csv")


def test_a_file_that_may_not_be_read_is_refused(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by its mode, which does not bind whoever runs tests as root."""

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = save(b"a,b\n")
    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(UnreadableError, match="cannot be read: Permission denied"):
        open_file(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=400), name=st.sampled_from(["x.csv", "x.zip", "x"]))
@example(content=b"PK\x03\x04", name="x.zip")
@example(content=b"PK\x05\x06" + bytes(18), name="x.zip")
def test_any_bytes_are_a_document_or_a_reason(save: Save, content: bytes, name: str) -> None:
    with suppress(UnreadableError):
        for table in open_file(save(content, name)).tables:
            list(table.records())


def test_a_file_without_a_name_is_damage(pack: Save) -> None:
    """`ZipInfo.is_dir` of Python 3.11 fails on it."""
    path = pack({"a.csv": b"a,b\n1,2\n"})
    length_of_the_name = path.read_bytes().rindex(b"PK\x01\x02") + 28  # APPNOTE.TXT, 4.3.12
    data = bytearray(path.read_bytes())
    data[length_of_the_name] = 0
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="damaged"):
        open_file(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    member=st.sampled_from(["a.csv", "a.json", "a.geojson", "a.shp", "datapackage.json"]),
    content=st.binary(max_size=100),
    damage=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
)
def test_any_zip_is_a_document_or_a_reason(
    pack: Save, member: str, content: bytes, damage: list[tuple[int, int]]
) -> None:
    path = pack({member: content, "b.csv": b"a,b\n1,2\n"})
    data = bytearray(path.read_bytes())
    for place, byte in damage:
        data[place % len(data)] = byte
    path.write_bytes(data)
    with suppress(UnreadableError):
        for table in open_file(path).tables:
            list(table.records())
