"""CSV as it comes: any delimiter and encoding, ragged, with a title, cut off, endless."""

import csv
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seed.readers import Document, Hints, Record, UnreadableError
from seed.readers.encodings import LONGEST_ENTRY
from seed.readers.formats import open_file

Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(content: str | bytes, name: str = "file.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return saved


def rows(path: Path, hints: Hints = Hints(format="csv")) -> list[dict[str, Any]]:  # noqa: B008
    return [dict(record.properties) for record in records(open_file(path, hints))]


def records(document: Document) -> list[Record]:
    return list(document.table().records())


# --- rows ----------------------------------------------------------------------------------------


def test_a_row_is_a_record_with_the_line_it_begins_on(save: Save) -> None:
    found = records(open_file(save('name,text\nA,"one\ntwo"\n\nB,three\n')))
    assert [(each.position, each.properties["name"]) for each in found] == [
        ("line 2", "A"),
        ("line 5", "B"),
    ]
    assert found[0].properties["text"] == "one\ntwo"


def test_records_can_be_read_again(save: Save) -> None:
    table = open_file(save("a,b\n1,2\n3,4\n")).table()
    assert list(table.records()) == list(table.records())


def test_an_empty_cell_is_none(save: Save) -> None:
    assert rows(save('a,b,c\n,"",x\n')) == [{"a": None, "b": None, "c": "x"}]


@pytest.mark.parametrize("blank", ["\n", "  \n", ",,\n", '"",,""\n'])
def test_blank_lines_are_skipped_and_counted(save: Save, blank: str) -> None:
    (record,) = records(open_file(save(f"a,b,c\n{blank}1,2,3\n{blank}")))
    assert record.position == "line 3"


def test_missing_cells_are_none_and_remarked(save: Save) -> None:
    (short,) = records(open_file(save("a,b,c\n1\n")))
    assert short.properties == {"a": "1", "b": None, "c": None}
    assert short.remark == "only 1 of 3 cells"


def test_surplus_cells_are_remarked_with_what_is_in_them(save: Save) -> None:
    long, fine = records(open_file(save("a,b\n1,2,three,,four\n5,6\n")))
    assert long.properties == {"a": "1", "b": "2"}
    assert long.remark == "2 cells beyond the last column, not taken: 'three', 'four'"
    assert fine.remark is None


@pytest.mark.parametrize("text", ["a;b;\n1;2;\n", "a;b;\n1;2\n", "a;b\n1;2;\n", "a;b;;\n1;2;;\n"])
def test_an_empty_column_at_the_end_is_dropped_silently(save: Save, text: str) -> None:
    document = open_file(save(text))
    (record,) = records(document)
    assert list(document.table().columns) == ["a", "b"]
    assert (record.properties, record.remark) == ({"a": "1", "b": "2"}, None)


def test_a_header_alone_has_no_records(save: Save) -> None:
    document = open_file(save("name,street\n"))
    assert list(document.table().columns) == ["name", "street"]
    assert records(document) == []


def test_lines_may_end_in_any_way(save: Save) -> None:
    for end in ("\n", "\r\n", "\r"):
        path = save(end.join(["a,b", '1,"x"', "2,y"]))
        assert rows(path) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
        assert records(open_file(path))[1].position == "line 3"


# --- header --------------------------------------------------------------------------------------


def test_columns_of_one_name_are_numbered(save: Save) -> None:
    table = open_file(save("x,x,x (2),,x\n1,2,3,4,5\n")).table()
    assert table.columns == ["x", "x (2)", "x (2) (2)", "column 4", "x (3)"]


def test_blanks_in_column_names_are_tidied(save: Save) -> None:
    assert open_file(save('" Plätze\n gesamt ",b\n')).table().columns == ["Plätze gesamt", "b"]


def test_several_header_rows_are_joined(save: Save) -> None:
    text = "Kennziffer,Arbeitslose,,Einwohner,\n,1998,1999,1998,1999\n01001000,1,2,3,4\n"
    hints = Hints(header_rows=2)
    document = open_file(save(text), hints)
    assert document.table().columns == [
        "Kennziffer",
        "Arbeitslose / 1998",
        "Arbeitslose / 1999",
        "Einwohner / 1998",
        "Einwohner / 1999",
    ]
    assert records(document)[0].position == "line 3"


def test_a_cell_in_both_header_rows_is_named_once(save: Save) -> None:
    table = open_file(save("AGS,Wert\nAGS,2020\n1,2\n"), Hints(header_rows=2)).table()
    assert table.columns == ["AGS", "Wert / 2020"]


def test_lines_before_the_header_are_skipped(save: Save) -> None:
    document = open_file(save("Einrichtungen 2024\n\na;b\n1;2\n"), Hints(skip_rows=2))
    assert document.table().columns == ["a", "b"]
    assert records(document)[0].position == "line 4"


def test_without_a_header_columns_are_numbered(save: Save) -> None:
    assert rows(save("1,2\n3,4\n"), Hints(header_rows=0)) == [
        {"column 1": "1", "column 2": "2"},
        {"column 1": "3", "column 2": "4"},
    ]


# --- delimiter -----------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(save: Save, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in ["ab", "12", "34"])
    assert rows(save(text)) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_decimal_commas_are_no_delimiters(save: Save) -> None:
    text = "x;y\n" + "13,5;50,9\n" * 20
    assert rows(save(text))[0] == {"x": "13,5", "y": "50,9"}


def test_commas_in_texts_are_no_delimiters(save: Save) -> None:
    text = "name, place|text, more\n" + "A, b, c|d, e\n" * 5 + "F|g\n"
    assert rows(save(text))[0] == {"name, place": "A, b, c", "text, more": "d, e"}


def test_delimiters_within_quotes_do_not_count(save: Save) -> None:
    text = "a,b\n" + '"1;2;3;4",x\n"5;6;7;8",y\n'
    assert rows(save(text))[1] == {"a": "5;6;7;8", "b": "y"}


def test_a_tab_separated_file_may_be_named_csv(save: Save) -> None:
    document = open_file(save("name\tstreet\nA, B\tC\n"))
    assert "separated by TABs" in document.notes
    assert records(document)[0].properties == {"name": "A, B", "street": "C"}


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_a_line_for_the_spreadsheet_names_the_delimiter(save: Save, line: str) -> None:
    document = open_file(save(f"{line}\r\na,b;c\r\n1,2;3\r\n"))
    assert records(document)[0].properties == {"a,b": "1,2", "c": "3"}
    assert records(document)[0].position == "line 3"


def test_a_column_may_begin_like_that_line(save: Save) -> None:
    assert open_file(save("sep=x,b\n1,2\n")).table().columns == ["sep=x", "b"]


def test_the_mapping_decides_about_the_delimiter(save: Save) -> None:
    hints = Hints(delimiter=":")
    assert rows(save("sep=;\na:b;c\n1:2;3\n"), hints) == [{"a": "1", "b;c": "2;3"}]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_what_is_no_delimiter_is_refused(save: Save, delimiter: str) -> None:
    if delimiter:
        with pytest.raises(UnreadableError, match="one character"):
            open_file(save("a,b\n"), Hints(delimiter=delimiter))


def test_one_column_is_a_table(save: Save) -> None:
    document = open_file(save("name\nAltstadt\nNeustadt\n"))
    assert [dict(each.properties) for each in records(document)] == [
        {"name": "Altstadt"},
        {"name": "Neustadt"},
    ]
    assert any("one column" in note for note in document.notes)


def test_a_title_above_the_header_shows_in_the_remarks(save: Save) -> None:
    """Not skipped by guess: the mapping says how many rows to skip."""
    document = open_file(save("Einrichtungen\n" + "a;b;c\n" * 10))
    assert document.table().columns == ["Einrichtungen"]
    assert "2 cells beyond" in (records(document)[0].remark or "")


# --- encoding ------------------------------------------------------------------------------------

GERMAN = "Straße;Träger\nGroße Gasse 5;Förderverein für Mädchen\nÄußere Straße;Übergang\n"
SWEDISH = "namn;gata\nFörskolan Ängen;Åsgatan 5\nÖppna förskolan;Järnvägsgatan\n"


@pytest.mark.parametrize("text", [GERMAN, SWEDISH])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "iso8859-15", "cp850", "mac-roman"],
)
def test_the_encoding_is_found(save: Save, text: str, encoding: str) -> None:
    expected = list(csv.DictReader(StringIO(text), delimiter=";"))
    assert rows(save(text, encoding=encoding)) == expected


def test_few_umlauts_and_a_sign_are_enough(save: Save) -> None:
    text = "Ort;Kosten\nFlöha;5 € – „frei“ für Kinder\n" + "Freiberg;keine\n" * 5000
    assert rows(save(text, encoding="cp1252"))[0]["Kosten"] == "5 € – „frei“ für Kinder"


def test_other_alphabets_are_guessed_by_their_letters(save: Save) -> None:
    polish = "nazwa;ulica\nSzkoła Podstawowa;ulica Świętego Ducha\nPrzedszkole Żabka;Łąkowa\n"
    assert rows(save(polish, encoding="cp1250"))[0]["ulica"] == "ulica Świętego Ducha"
    russian = "имя;улица\nШкола для детей;улица Ленина\nЦентр помощи;проспект Мира\n"
    assert rows(save(russian, encoding="cp1251"))[0]["имя"] == "Школа для детей"


def test_the_note_says_what_was_guessed(save: Save) -> None:
    document = open_file(save(GERMAN, encoding="cp1252"))
    assert "not UTF-8; read as cp1252, which its letters suggest" in document.notes


def test_the_mapping_decides_about_the_encoding(save: Save) -> None:
    path = save(GERMAN, encoding="cp1252")
    assert rows(path, Hints(encoding="cp1250"))[0]["Straße"] == "Große Gasse 5"
    with pytest.raises(UnreadableError, match="line 1 is not utf-8"):
        open_file(path, Hints(encoding="UTF-8"))
    with pytest.raises(UnreadableError, match="encoding that is none: 'hex'"):
        open_file(path, Hints(encoding="hex"))


def test_a_byte_order_mark_is_believed_before_the_mapping(save: Save) -> None:
    path = save(GERMAN, encoding="utf-8-sig")
    assert list(rows(path, Hints(encoding="cp1252"))[0]) == ["Straße", "Träger"]


def test_a_broken_line_in_utf8_is_named_and_not_taken_for_another_encoding(save: Save) -> None:
    lines = [f"{number};Größe und Straße" for number in range(1, 100)]
    content = "\n".join(["nr;text", *lines]).encode()
    broken = content.replace("57;Größe".encode(), "57;Größe".encode("cp1252"))
    with pytest.raises(UnreadableError, match="line 58 is not UTF-8, though most other lines are"):
        open_file(save(broken))


def test_a_flaw_far_into_the_file_is_found_before_a_row_is_believed(save: Save) -> None:
    content = ("a;b\n" + f"{'1' * 1000};2\n" * 2000).encode() + "3;Straße\n".encode("cp1252")
    document = open_file(save(content))
    assert records(document)[-1].properties["b"] == "Straße"


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_refused(save: Save, content: bytes) -> None:
    with pytest.raises(UnreadableError, match="the file is empty"):
        open_file(save(content))


def test_nul_bytes_are_refused_with_their_line(save: Save) -> None:
    with pytest.raises(UnreadableError, match="line 3 holds a NUL byte"):
        open_file(save(b"a,b\n1,2\n3,\x004\n"))


def test_utf16_without_a_mark_is_read_if_the_mapping_says_so(save: Save) -> None:
    path = save(GERMAN.encode("utf-16-le"))
    with pytest.raises(UnreadableError, match="UTF-16 without a byte order mark"):
        open_file(path)
    assert rows(path, Hints(encoding="utf-16-le"))[0]["Träger"] == "Förderverein für Mädchen"


def test_binary_data_is_refused(save: Save) -> None:
    garbage = bytes(range(1, 256)) * 40
    with pytest.raises(UnreadableError, match="no text"):
        open_file(save(garbage))


def test_a_quotation_mark_left_open_loses_no_rows(save: Save) -> None:
    """The csv module would put all that follows into one cell."""
    document = open_file(save('a,b\n1,2\n3,"four\n5,6\n7,8\n'))
    with pytest.raises(UnreadableError, match="begins on line 3 is never closed"):
        records(document)


def test_a_quotation_mark_within_a_cell_is_a_character(save: Save) -> None:
    assert rows(save('a,b\n5" hoch,"x"y\n')) == [{"a": '5" hoch', "b": "xy"}]


def test_an_endless_line_is_refused_with_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    with path.open("wb") as file:
        file.truncate(0)
        for _ in range(200):
            file.write(b"a" * 10**6)
    tracemalloc.start()
    with pytest.raises(UnreadableError, match="line 1 has more than"):
        open_file(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * 10**6


def test_an_endless_cell_is_refused(save: Save) -> None:
    """An open quotation mark near the beginning of a large file."""
    document = open_file(save('a,b\n1,2\n3,"' + "x,y\n" * (LONGEST_ENTRY // 4)))
    with pytest.raises(UnreadableError, match=r"begins on line 3 .* quotation mark left open"):
        records(document)


def test_an_endless_entry_of_short_cells_is_refused(save: Save) -> None:
    document = open_file(save("a,b\n" + '1,"\n",' * (LONGEST_ENTRY // 4)))
    with pytest.raises(UnreadableError, match="begins on line 2"):
        records(document)


# --- properties ----------------------------------------------------------------------------------

CELLS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\x1a"), max_size=12
).filter(lambda text: not any(ord(each) < 32 and each not in "\t\n\r" for each in text))
NAMES = st.lists(
    st.from_regex(r"[a-zäöü]{1,8}", fullmatch=True), min_size=2, max_size=5, unique=True
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    names = draw(NAMES)
    row = st.lists(CELLS, min_size=len(names), max_size=len(names)).filter(any)
    return names, draw(st.lists(row, max_size=8))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(";,\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(
    save: Save, table: tuple[list[str], list[list[str]]], delimiter: str, ending: str, encoding: str
) -> None:
    names, written = table
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *written])
    document = open_file(save(buffer.getvalue(), encoding=encoding), Hints(format="csv"))
    assert list(document.table().columns) == names
    read = [list(record.properties.values()) for record in records(document)]
    assert read == [[cell or None for cell in row] for row in written]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=300), hints=st.sampled_from([1, 0, 2]))
def test_any_bytes_are_a_table_or_a_reason(save: Save, content: bytes, hints: int) -> None:
    with suppress(UnreadableError):
        document = open_file(save(content), Hints(format="csv", header_rows=hints))
        assert all(record.position.startswith("line ") for record in records(document))
