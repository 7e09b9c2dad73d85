"""The mapping language: what a mapping may say, what it is told if it is wrong, what rules do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from seed.mappings import (
    FieldRule,
    FileRule,
    ImportMapping,
    MappingError,
    ValueRefused,
    fitting,
    load,
    look_up,
    named,
    wanted,
)
from seed.mappings.patterns import replacement
from seed.mappings.rules import Convention, tidy
from seed.readers import Record, Table

OFFERINGS: dict[str, Any] = {
    "resource": "offerings",
    "title": "Angebote",
    "source": {
        "slug": "kreis-angebote",
        "title": "Angebote des Kreises",
        "publisher": "Landkreis",
        "license": "cc-zero",
        "attribution": "Landkreis",
    },
    "key": "Nr",
    "fields": {"name": "Name"},
}
OBSERVATIONS = OFFERINGS | {
    "resource": "observations",
    "fields": {
        "indicator": {"constant": "x"},
        "district": "AGS",
        "period": "Jahr",
        "value": "Wert",
    },
}


def fields(**rules: Any) -> dict[str, Any]:
    return OFFERINGS | {"fields": {"name": "Name"} | rules}


def rule(**keys: Any) -> FieldRule:
    return FieldRule.model_validate(keys)


def of(value: Any, **keys: Any) -> Any:
    """What a rule makes of the value of its column."""
    return rule(column="A", **keys).read("field", {"A": value})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mapping.yaml"


def refusal(file: Path, content: Mapping[str, Any]) -> str:
    """What a person is told about a wrong mapping."""
    file.write_text(yaml.safe_dump(dict(content), allow_unicode=True), encoding="utf-8")
    with pytest.raises(MappingError) as refused:
        load(file)
    told = str(refused.value)
    assert told.startswith("mapping.yaml: ")
    return told.removeprefix("mapping.yaml: ")


# --- wrong mappings ------------------------------------------------------------------------------


def test_a_mapping_that_is_right_loads(file: Path) -> None:
    file.write_text(yaml.safe_dump(OFFERINGS), encoding="utf-8")
    assert load(file) == ImportMapping.model_validate(OFFERINGS) == named(str(file))


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (OFFERINGS | {"fieldz": {}}, "fieldz", "not permitted"),
        (fields(url={"column": "Web", "colour": "red"}), "fields.url.colour", "not permitted"),
        (OFFERINGS | {"file": {"kind": "csv"}}, "file.kind", "not permitted"),
        (fields(nmae="Name"), "'nmae'", "did you mean 'name'?"),
        (OFFERINGS | {"parts": {"sites": {"fields": {"stret": "S"}}}}, "'stret'", "'street'"),
        (OFFERINGS | {"parts": {"site": {"fields": {"street": "S"}}}}, "'site'", "'sites'"),
        (OFFERINGS | {"resource": "offering"}, "'offering'", "did you mean 'offerings'?"),
        (
            fields(organisation_mode={"constant": "centrl"}),
            "organisation_mode",
            "cannot be 'centrl'; did you mean 'central'?",
        ),
        (
            fields(organisation_mode={"column": "M", "values": {"mobil": "mobil"}}),
            "organisation_mode",
            "cannot be 'mobil'; did you mean 'mobile'?",
        ),
        ({k: v for k, v in OFFERINGS.items() if k != "key"}, "key", "missing"),
        (OFFERINGS | {"fields": {"url": "Web"}}, "name", "missing"),
        ({k: v for k, v in OFFERINGS.items() if k != "source"}, "source", "required"),
        (fields(url={"column": "Web", "match": "("}), "fields.url", "match is no pattern"),
        (fields(url={"column": "Web", "match": "www"}), "fields.url", "needs one group"),
        (fields(url={"column": "Web", "match": "(a)(b)"}), "fields.url", "it has 2"),
        (OFFERINGS | {"only": {"Art": "["}}, "only.Art", "no pattern"),
        (OFFERINGS | {"unpivot": {"columns": "*"}}, "unpivot", "no pattern"),
        (fields(url={"column": "A", "columns": ["B"]}), "fields.url", "give one of"),
        (fields(url={"template": "{A}", "constant": "a"}), "fields.url", "give one of"),
        (fields(url={"separator": ","}), "fields.url", "give one of"),
        (fields(url={"column": "A", "separator": ""}), "fields.url.separator", "at least 1"),
        (fields(url={"column": "A", "digits": 0}), "fields.url.digits", "greater than 0"),
        (fields(url={"column": "A", "otherwise": "drop"}), "fields.url.otherwise", "'keep'"),
        (fields(url=5), "fields.url", "dictionary"),
        (OFFERINGS | {"crs": "EPSG:99999"}, "coordinate system", "'EPSG:99999'"),
        (OFFERINGS | {"crs": "Gauß-Krüger"}, "coordinate system", "'Gauß-Krüger'"),
        (fields(**{"capacity@en": "Places"}), "capacity@en", "only texts have translations"),
        (fields(**{"categories@en": "Kind"}), "categories@en", "only texts have translations"),
        (fields(**{"slug@en": "Slug"}), "slug@en", "only texts have translations"),
        (OFFERINGS | {"lang": "Deutsch"}, "lang", "pattern"),
        (OFFERINGS | {"status": "public"}, "status", "'published'"),
        (OFFERINGS | {"file": {"delimiter": ";;"}}, "file.delimiter", "at most 1"),
        (OFFERINGS | {"file": {"header_rows": 0}}, "file.header_rows", "greater than"),
        (OFFERINGS | {"conventions": {"decimal": ";"}}, "conventions.decimal", "','"),
        (OBSERVATIONS | {"breakdowns": {"Alter!": "A"}}, "breakdowns.Alter!", "pattern"),
        (OBSERVATIONS | {"fields": {"indicator": "I"}}, "district, period", "missing"),
    ],
)
def test_a_wrong_mapping_is_told_once_and_where(
    file: Path, content: dict[str, Any], place: str, reason: str
) -> None:
    told = refusal(file, content)
    assert place in told
    assert reason in told
    assert "; " not in told.replace("; did you mean", "")


def test_every_wrong_place_is_told(file: Path) -> None:
    told = refusal(file, {**fields(url={"match": "("}), "title": None, "drop": "all"})
    assert [part.partition(":")[0] for part in told.split("; ")] == ["title", "fields.url", "drop"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "valid dictionary"),
        (b"- resource: offerings", "valid dictionary"),
        (b"title: [", "line 1, column"),
        (b"title: \xff", "utf-8"),
    ],
)
def test_what_is_no_mapping_is_refused(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    with pytest.raises(MappingError, match=reason):
        load(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"mine\.yaml.*No such file"):
        named(str(tmp_path / "mine.yaml"))


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(MappingError, match="did you mean 'schulen-nrw'"):
        named("schulen_nrw")


UNCLEAR = [
    pytest.param(OFFERINGS | {"only": {"GF": 4}}, id="one value instead of a list"),
    pytest.param(fields(url={"constant": ["a"]}), id="a list as a constant"),
]


@pytest.mark.parametrize("content", UNCLEAR)
def test_a_wrong_type_is_told_once(file: Path, content: dict[str, Any]) -> None:
    assert "; " not in refusal(file, content)


UNNOTICED = [
    pytest.param(fields(**{"name@": "N"}), id="a translation into no language"),
    pytest.param(fields(**{"name@englisch": "N"}), id="a language that is none"),
    pytest.param(OFFERINGS | {"parts": {"sites": {"fields": {"slug": "S"}}}}, id="slug of a part"),
]


@pytest.mark.parametrize("content", UNNOTICED)
def test_what_cannot_work_is_refused(file: Path, content: dict[str, Any]) -> None:
    assert refusal(file, content)


def test_numbers_as_keys_of_values_need_no_quotes() -> None:
    assert of("1", values={1: "school"}) == "school"


def test_words_that_yaml_reads_as_truth_have_to_be_quoted_as_keys_of_values(file: Path) -> None:
    told = refusal(file, fields(url={"column": "A", "values": {True: "a"}}))
    assert told.startswith("fields.url.values: YAML reads yes")


def test_the_keys_true_and_false_need_no_quotes() -> None:
    stated = yaml.safe_load("true: [X]\nfalse: [Nein]")
    assert Convention.model_validate(stated) == Convention(true=("X",), false=("Nein",))


# --- which ready mapping fits --------------------------------------------------------------------

VG250 = ["RS", "AGS", "GEN", "BEZ", "NUTS", "DEBKG_ID", "GF", "SHAPE"]


@dataclass(frozen=True)
class Rows:
    """A table as a reader gives it."""

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]] = ()
    name: str = "table"
    crs: str | None = None

    def records(self) -> Iterator[Record]:
        return (Record(f"line {number}", row) for number, row in enumerate(self.rows, 2))


def one(*columns: str, **cells: str) -> Callable[[FileRule], Sequence[Table]]:
    """A file with one table of one row, however it is read."""
    return lambda _: [Rows([*columns, *cells], [cells])]


def test_the_only_mapping_whose_columns_a_table_has_fits() -> None:
    tables = [Rows(["a"]), Rows(VG250)]
    assert fitting("districts", lambda _: tables) == named("vg250-gemeinden")


def test_a_mapping_of_another_resource_does_not_fit() -> None:
    with pytest.raises(MappingError, match=r"no ready mapping fits the columns \(AGS, BEZ"):
        fitting("offerings", one(*VG250))


def test_of_several_mappings_that_fit_none_is_taken() -> None:
    also = ["AREA_ID", "AREA_NAME", "CLASS_NAME", "LEVEL_NAME"]
    with pytest.raises(MappingError, match="several mappings fit"):
        fitting("districts", one(*VG250, *also, PARENT_ARE="STGM01001000"))


def test_of_two_that_fit_the_one_that_asks_for_more_columns_is_taken() -> None:
    names = {"name": "Alexandersfeld"}
    assert fitting("districts", one(**names)) == named("oldenburg-stadtteile")
    found = fitting("districts", one("name", "label", name="10 - Travemünde"))
    assert found == named("luebeck-stadtteile")


def test_a_mapping_that_names_values_fits_only_where_one_of_them_is() -> None:
    with pytest.raises(MappingError, match="no ready mapping fits"):
        fitting("districts", one(name="Adorf"))


def test_a_mapping_is_asked_how_to_read_the_file() -> None:
    def tables(rule: FileRule) -> Sequence[Table]:
        sheet = Rows(["Kennziffer", "Raumeinheit", "Aggregat", "Arbeitslose / 2021"])
        return [sheet] if rule.header_rows == 2 else []

    assert fitting("observations", tables) == named("inkar-arbeitslose")


# --- where a value comes from --------------------------------------------------------------------

WORDS = st.text("abcäöü-_ 019", min_size=1).filter(lambda text: text.strip() == text)
CELLS = st.one_of(st.none(), st.just(""), st.just("  "), WORDS, st.integers(), st.booleans())
NAMES = st.text("ABCÄß_ .", min_size=1, max_size=5).filter(lambda name: name.strip() == name)


def shown(cell: object) -> str:
    """A cell as it looks."""
    return "" if cell is None else str(cell).strip()


@given(st.dictionaries(NAMES, CELLS, min_size=1), st.text("-/ ,", max_size=3))
def test_a_template_is_filled_or_gives_nothing(row: dict[str, Any], between: str) -> None:
    template = between.join(f"{{{name}}}" for name in row)
    filled = between.join(shown(cell) for cell in row.values())
    expected = filled if all(map(shown, row.values())) else None
    assert rule(template=template).read("field", row) == expected


@given(st.dictionaries(NAMES, CELLS, min_size=1), st.sampled_from([" ", ", ", " / ", "\n\n", "|"]))
def test_columns_are_joined_without_the_empty_ones(row: dict[str, Any], join: str) -> None:
    told = [shown(cell) for cell in row.values() if shown(cell)]
    found = rule(columns=list(row), join=join).read("field", row)
    assert found == (join.join(told) or None)


@given(st.one_of(WORDS, st.integers(), st.booleans()), st.dictionaries(NAMES, CELLS))
def test_a_constant_does_not_look_at_the_row(constant: Any, row: dict[str, Any]) -> None:
    assert rule(constant=constant).read("field", row) == constant


@given(NAMES, CELLS)
def test_a_column_alone_is_short_for_a_rule(name: str, cell: Any) -> None:
    short = ImportMapping.model_validate(fields(url=name)).fields["url"]
    assert short == rule(column=name)
    expected = shown(cell) or None if isinstance(cell, str) else cell
    assert short.read("url", {name: cell}) == expected


@given(st.dictionaries(NAMES, WORDS, min_size=1))
def test_a_mapping_knows_which_columns_it_reads(row: dict[str, str]) -> None:
    template = "".join(f"{{{name}}}" for name in row)
    mapping = ImportMapping.model_validate(fields(url={"template": template}, note="Hinweis"))
    assert mapping.columns == {"Nr", "Name", "Hinweis", *row}


def test_a_column_that_is_not_there_gives_nothing() -> None:
    assert rule(column="A").read("field", {}) is None
    assert rule(columns=["A", "B"]).read("field", {"B": "b"}) == "b"
    assert rule(template="{A}").read("field", {}) is None


RECORD = {
    "org.name": "Verein",
    "sites": [{"town": "Adorf", "rooms": [1, 2]}, {"town": "Bedorf", "rooms": []}],
    "Plätze [Anzahl]": 12,
    "sites[0].town": "named like a path",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("org.name", "Verein"),
        ("sites[*].town", ["Adorf", "Bedorf"]),
        ("sites[1].town", "Bedorf"),
        ("sites[9].town", None),
        ("sites[*].rooms[*]", [1, 2]),
        ("sites[?@.town == 'Bedorf'].town", "Bedorf"),
        ("Plätze [Anzahl]", 12),
        ("sites[0].town", "named like a path"),
        ("nothing[*].here", []),
    ],
)
def test_a_column_may_be_a_path_into_what_is_nested(path: str, found: Any) -> None:
    assert look_up(RECORD, path) == found


@given(st.lists(WORDS, max_size=4))
def test_a_path_to_several_gives_all_of_them(towns: list[str]) -> None:
    record = {"sites": [{"town": town} for town in towns]}
    assert rule(column="sites[*].town").read("field", record) == tuple(towns)


@pytest.mark.parametrize(
    "keys", [{"template": "{sites[*].town}"}, {"columns": ["sites[*].town"]}], ids=str
)
def test_a_list_in_a_text_is_not_written_as_python_does(keys: dict[str, Any]) -> None:
    assert "[" not in rule(**keys).read("field", RECORD)


# --- what is done to it on the way ---------------------------------------------------------------


@given(st.lists(WORDS | st.just(" "), min_size=1), st.sampled_from([",", ";", " | ", "\n"]))
def test_a_separator_splits_and_leaves_out_what_is_empty(parts: list[str], separator: str) -> None:
    text = separator.join(parts)
    assume(text.strip())
    expected = tuple(part.strip() for part in text.split(separator) if part.strip())
    assert of(text, separator=separator) == expected


def test_a_blank_can_separate_and_join() -> None:
    assert of("de en  sv", separator=" ") == ("de", "en", "sv")
    assert rule(columns=["A", "B"], join=" ").read("field", {"A": "a", "B": "b"}) == "a b"
    assert FileRule(delimiter="\t").hints.delimiter == "\t"
    assert Convention(thousands=" ").thousands == " "


PATTERNS = [r"^(\d\d) - ", r"(\d+)", r"^([^,(]+)", "^(a*)", r"([äöü])$", r"^\S+ (.+)$"]


@given(st.sampled_from(PATTERNS), st.text("abcäöü 0123-,(", max_size=12))
@example(r"^(\d\d) - ", "00 - Lübeck")
def test_match_takes_the_group_of_the_first_match(pattern: str, text: str) -> None:
    found = re.findall(pattern, text.strip())
    assert of(text, match=pattern) == ((found[0].strip() or None) if found else None)


@given(st.integers(1, 12), st.integers(0, 10**12 - 1), st.booleans())
def test_digits_restore_one_lost_zero_and_refuse_other_lengths(
    length: int, number: int, as_number: bool
) -> None:
    text = str(number)
    value: Any = number if as_number else text
    if len(text) in (length, length - 1):
        found = of(value, digits=length)
        assert len(found) == length
        assert int(found) == number
    else:
        with pytest.raises(ValueRefused, match=f"not a key of {length} digits"):
            of(value, digits=length)


@pytest.mark.parametrize(
    "key", ["145220180180", "14522-180", "1452218O", "１４５２２１８０", "-1234567"]
)
def test_what_is_no_key_is_refused_with_its_value(key: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        of(key, digits=8)
    assert (refused.value.field, refused.value.value) == ("field", key)


def test_a_key_that_a_workbook_made_a_number_is_one() -> None:
    assert of(5124000.0, digits=8) == "05124000"


@given(WORDS, st.integers(1, 20))
def test_first_takes_the_first_characters(text: str, count: int) -> None:
    assert of(text, first=count) == text[:count]


@given(
    st.dictionaries(WORDS, WORDS | st.none()), WORDS, st.sampled_from(["refuse", "keep", "empty"])
)
def test_values_translate_and_otherwise_decides(
    values: dict[str, str | None], value: str, otherwise: str
) -> None:
    keys = {"values": values, "otherwise": otherwise}
    if value in values:
        assert of(value, **keys) == values[value]
    elif otherwise == "refuse":
        with pytest.raises(ValueRefused, match="no such value"):
            of(value, **keys)
    else:
        assert of(value, **keys) == (value if otherwise == "keep" else None)


@pytest.mark.parametrize(
    ("value", "key"), [(1, "1"), (1.0, "1"), (True, "True"), (" X ", "X"), ("1", "1")]
)
def test_values_are_looked_up_as_they_are_written(value: Any, key: str) -> None:
    assert of(value, values={key: "found"}) == "found"


@pytest.mark.parametrize("value", ["-", " - ", "k. A.", -999, -999.0, "", "  ", None])
def test_what_stands_for_nothing_is_nothing(value: Any) -> None:
    found = rule(column="A", empty=["-", "k. A."]).read("field", {"A": value}, ["-999"])
    assert found is None


def test_zero_and_no_are_something() -> None:
    assert of(0) == 0
    assert of(False) is False
    assert rule(template="{A}{B}").read("field", {"A": 0, "B": 1}) == "01"


def test_steps_follow_each_other_in_the_documented_order() -> None:
    found = of(
        "04103 - x; 4109 - y; -; 09599 - z",
        separator=";",
        empty=["-"],
        match=r"^(\d+)",
        values={"04103": "a", "4109": "b", "09599": None},
    )
    assert found == ("a", "b")
    assert of("5124000", digits=8, first=5, values={"05124": "Wuppertal"}) == "Wuppertal"
    assert of("145220180180", first=8, match=r"^145(\d+)$", values={"22018": "x"}) == "x"


def test_of_a_list_every_element_goes_the_same_way() -> None:
    assert of([11, 12, None, "13 "], values={"11": "a", "12": None, "13": "c"}) == ("a", "c")


def test_of_a_list_only_the_refused_element_is_lost() -> None:
    told: list[ValueRefused] = []
    split = rule(column="A", separator=",", values={"a": "A"})
    assert split.read("field", {"A": "a,b"}, refused=told.append) == ("A",)
    assert [refused.value for refused in told] == ["b"]


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@given(st.text())
@example("a\r\nb")
@example("a\x07b")
def test_texts_are_tidied_or_refused(text: str) -> None:
    if CONTROL.search(text.strip()):
        with pytest.raises(ValueRefused, match="has control characters"):
            tidy("field", text)
        return
    found = tidy("field", text)
    assert found is None or (found == found.strip() and "\r" not in found)
    assert (found or "").split() == text.split()


@pytest.mark.parametrize("value", [{"a": 1}, [[1]]])
def test_what_is_nested_is_no_value(value: Any) -> None:
    with pytest.raises(ValueRefused, match="name what is in it"):
        of(value)


# --- several values, defaults, replacements ------------------------------------------------------


def test_a_value_may_stand_for_several() -> None:
    both = {"values": {"X": ["a", "b"], "Y": "c"}}
    assert of("X", **both) == ("a", "b")
    assert of("X;Y", separator=";", **both) == ("a", "b", "c")
    assert of(["Y", "X"], **both) == ("c", "a", "b")


@pytest.mark.parametrize(
    "content",
    [
        fields(note={"column": "A", "values": {"X": ["a", "b"]}}),
        fields() | {"key": {"column": "Nr", "values": {"X": ["a", "b"]}}},
        OBSERVATIONS | {"breakdowns": {"sex": {"column": "A", "values": {"X": ["a", "b"]}}}},
        fields()
        | {"parts": {"sites": {"fields": {"town": {"column": "A", "values": {"X": ["a"]}}}}}},
    ],
)
def test_only_a_field_that_holds_several_gets_several(file: Path, content: dict[str, Any]) -> None:
    assert "holds one value, not several as 'X' would give it" in refusal(file, content)


@given(st.one_of(st.none(), st.just(""), st.just(" - "), WORDS))
def test_a_default_is_there_where_nothing_else_is(cell: Any) -> None:
    found = of(cell, empty=["-"], default="school")
    assert found == ("school" if shown(cell) in ("", "-") else cell)


def test_a_default_is_no_answer_to_a_value_that_is_refused() -> None:
    with pytest.raises(ValueRefused):
        of("x", values={"a": "b"}, default="c")
    assert of("x", values={"a": "b"}, otherwise="empty", default="c") == "c"
    assert of([], default="c") == "c"
    assert of(False, default=True) is False
    assert of(0, default=1) == 0


def test_a_default_has_to_be_a_code_and_a_constant_needs_none(file: Path) -> None:
    told = refusal(file, fields(organisation_mode={"column": "M", "default": "centrl"}))
    assert "cannot be 'centrl'; did you mean 'central'?" in told
    told = refusal(file, fields(note={"constant": "M", "default": "N"}))
    assert "a constant is there in every row" in told


@given(st.dictionaries(NAMES, CELLS, min_size=1))
def test_either_takes_the_first_column_that_has_a_value(row: dict[str, Any]) -> None:
    told = [cell for cell in row.values() if shown(cell)]
    found = rule(either=list(row)).read("field", row)
    assert shown(found) == (shown(told[0]) if told else "")


def test_either_passes_over_what_stands_for_nothing() -> None:
    first = rule(either=["A", "B[*].c", "C"])
    assert first.used == ("A", "B[*].c", "C")
    assert first.read("field", {"A": "-", "B": [{"c": 1}, {"c": 2}]}, ["-"]) == (1, 2)
    assert first.read("field", {"A": "-", "B": [], "C": "c"}, ["-"]) == "c"


@pytest.mark.parametrize(
    ("value", "replace", "found"),
    [
        ("Hauptstr. 5", {r"str\.": "straße"}, "Hauptstraße 5"),
        ("Sachstand 2015 / 2016", {"^Sachstand ": "", " */ *": "/"}, "2015/2016"),
        ("Muster, Eva", {r"^(\w+), (\w+)$": r"\2 \1"}, "Eva Muster"),
        ("n. n.", {r"^n\. ?n\.$": ""}, None),
        (14522.0, {"^145": ""}, "22"),
    ],
)
def test_patterns_are_replaced_in_their_order(value: Any, replace: Any, found: Any) -> None:
    assert of(value, replace=replace) == found


def test_what_is_replaced_is_translated_afterwards() -> None:
    assert of("Nr. 4109", replace={r"Nr\. ": ""}, digits=5, values={"04109": "a"}) == "a"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "is no pattern"),
        ("(a+)+b", "repeats a group"),
        ("(?:a|a)*b", "repeats a group"),
        ("(?:ab){2,}", "repeats a group"),
        (r"(\w+\s?)*$", "repeats a group"),
        ("(?x)a b", "not allowed"),
    ],
)
def test_what_may_take_for_ever_is_refused(file: Path, pattern: str, reason: str) -> None:
    told = refusal(file, fields(note={"column": "A", "replace": {pattern: ""}}))
    assert told.startswith("fields.note")
    assert reason in told


def test_a_replacement_that_names_no_group_is_refused(file: Path) -> None:
    told = refusal(file, fields(note={"column": "A", "replace": {"a": r"\1"}}))
    assert "invalid group reference" in told


@pytest.mark.parametrize("pattern", ["(a+)*+b", "[(*]+", r"\(\)*", "(?:a)?b", "(?=a)b", "a{2}"])
def test_what_looks_alike_is_allowed(pattern: str) -> None:
    assert of("x", replace={pattern: ""}) == "x"


@pytest.mark.parametrize(
    ("pattern", "longest"),
    [(".*x", 31_621), (".*.*x", 999), (".*.*.*x", 176), ("a?a?a?.*x", 11_179)],
)
def test_a_text_is_refused_for_which_a_pattern_could_take_long(pattern: str, longest: int) -> None:
    """Beyond it nobody waits for the answer; the pattern itself stays allowed."""
    assert replacement(pattern, "").apply("x" * 50) == ""
    with pytest.raises(ValueRefused, match="characters are too many"):
        of("a" * (longest + 1), replace={pattern: ""})


def test_values_that_match_does_not_take_are_told() -> None:
    stated = rule(
        column="A", separator=",", replace={" ": ""}, match=r"^(0\d+)$", values={"01": "x"}
    )
    assert stated.unmatched({"A": "0 1, 2, -, 3"}, ["-"]) == ["2", "3"]
    assert stated.unmatched({"A": None}) == []
    assert rule(column="A").unmatched({"A": "2"}) == []


# --- which records are taken ---------------------------------------------------------------------


@given(st.lists(st.integers(0, 9) | st.sampled_from(["a", "b"]), max_size=4), st.integers(0, 9))
def test_listed_values_are_taken_whether_numbers_or_texts(
    listed: list[int | str], value: int
) -> None:
    expected = str(value) in map(str, listed)
    assert wanted({"A": listed}, {"A": value}) is expected
    assert wanted({"A": listed}, {"A": str(value)}) is expected


@given(st.sampled_from(["^14522", "a|b", "^$"]), st.none() | st.text("ab12345", max_size=8))
def test_a_pattern_takes_what_it_finds_itself_in(pattern: str, value: str | None) -> None:
    assert wanted({"A": pattern}, {"A": value}) is bool(re.search(pattern, value or ""))


def test_every_column_has_to_be_wanted() -> None:
    only: dict[str, list[str | int] | str] = {"A": ["x"], "B": "^y"}
    assert wanted(only, {"A": "x", "B": "yes"})
    assert not wanted(only, {"A": "x", "B": "no"})
    assert not wanted(only, {"A": "z", "B": "yes"})
    assert wanted({}, {})


def test_records_are_taken_by_what_is_nested() -> None:
    assert wanted({"sites[1].town": ["Bedorf"]}, RECORD)
