import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bridge.config import parse
from bridge.config.parse import MAX_BYTES, read
from bridge.config.scalars import plain

GUESSED_AT = [
    "NO",
    "No",
    "no",
    "yes",
    "On",
    "off",
    "True",
    "FALSE",
    "01234",
    "-01",
    "0o17",
    "0x1f",
    "1_000",
    "10:30",
    "190:20:30",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "+49170",
    ".5",
    "5.",
    "1e3",
    ".inf",
    ".nan",
    "Null",
    "5m",
    "1.2.3",
]


@pytest.mark.parametrize("text", GUESSED_AT)
def test_what_other_yaml_readers_guess_at_stays_the_text_that_was_written(text):
    assert read(f"a: {text}".encode(), file="f").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("0", 0), ("-7", -7), ("42", 42), ("1.5", 1.5), ("1.0e3", 1000.0), ("~", None)],
)
def test_plain_decimal_numbers_and_true_and_false_are_values(text, value):
    found = plain(text)

    assert (value, type(value)) == (found, type(found))


def test_quoted_scalars_are_texts_and_keys_are_always_texts():
    document = read(b"a: '5'\n5: \"true\"\nNO: |\n  7\n", file="f")

    assert document.value == {"a": "5", "5": "true", "NO": "7\n"}


def test_a_number_too_long_to_be_one_stays_a_text():
    assert plain("9" * 5000) == "9" * 5000
    assert plain("1.5e999") == "1.5e999"


def test_each_key_and_value_is_found_at_its_line_and_column():
    document = read("é: [1, {b: x}]\nc:\n  - ü: 2\n".encode(), file="f")

    place = document.values[("é", 1, "b")]
    assert (1, 12, 1, 13) == (place.line, place.column, place.end_line, place.end_column)
    assert (3, 5) == (document.keys[("c", 0, "ü")].line, document.keys[("c", 0, "ü")].column)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm():
    document = read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", file="f")

    assert ({"a": 1, "b": 2}, 2) == (document.value, document.keys[("b",)].line)


def test_every_duplicate_key_is_reported_with_the_line_of_the_first():
    document = read(b"a: 1\nb: {c: 1, c: 2}\na: 3\n", file="f")

    found = [(one.path, one.line, one.column, one.hint) for one in document.problems]
    assert [("b.c", 2, 11, "first on line 2: keep one"), ("a", 3, 1, "first on line 1: keep one")] == found


@pytest.mark.parametrize("text", ["a: {{ x }}", "a: {{x}}", "a: [{{ x }}]", "a:\n  {{ x | y }}", "a: {{ x }} b"])
def test_a_template_without_quotes_is_recognised_and_explained(text):
    (problem,) = read(text.encode(), file="f").problems

    assert "{{ … }} without quotes" in problem.message
    assert "put quotes around it" in problem.hint


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        ("a:\n\t- b", (2, 1), "use spaces"),
        ("a: [${KEY}]", (1, 6), 'quotes around texts inside brackets, also "${VAR}"'),
        ("a: b: c", (1, 5), "put quotes around a text that holds ': '"),
        ('a: "{{ content | label("Time") }}"', (1, 25), "write single ones"),
        ("a: '{{ content | label('Time') }}'", (1, 25), "write double ones"),
        ("a: @b", (1, 4), "put quotes around it"),
        ("a: *b", (1, 4), "begins with *"),
        ("a: !b c", (1, 4), "quote it"),
        ('a: "b', (1, 6), "close it"),
        ("a:\n  b: 1\n c: 2", (3, 2), "line up keys"),
        ("<<: {a: 1}", (1, 1), "write the keys out"),
        ("a: {b, c: d}", (1, 5), "write key: value"),
        ("? [a]\n: b", (1, 3), "write key: value"),
        ("a: 1\n---\nb: 1", (2, 1), "remove the line"),
        ("a: b\x00", (1, 5), "remove it"),
        (b"a: 1\nb: \xff", (2, 1), "UTF-8"),
        ("[" * 3000, (1, 1001), "bracket"),
        ("[" * 60 + "]" * 60, (1, 42), "bracket"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place_and_a_way_out(text, place, advice):
    (problem,) = read(text if isinstance(text, bytes) else text.encode(), file="f").problems

    assert place == (problem.line, problem.column)
    assert advice in problem.hint


def test_every_line_indented_with_a_tab_is_reported():
    assert [2, 3] == [one.line for one in read(b"a:\n\tb: 1\n\tc: 2", file="f").problems]


def test_aliases_are_filled_in_but_a_bomb_of_them_is_refused():
    laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert {"a": [1], "b": [1]} == read(b"a: &x [1]\nb: *x", file="f").value
    (problem,) = read(laughs.encode(), file="f").problems
    assert "more than 100 aliases" in problem.message


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a 1\nb: &a [*a]"])
def test_an_alias_to_itself_is_refused(text):
    (problem,) = read(text.encode(), file="f").problems

    assert "stands inside of what it names" in problem.message


@pytest.mark.parametrize("loader", [parse._Loader, yaml.SafeLoader])
@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nkey\nb: 2", 2, "a key without a colon"),
        ("a:\n  b: 1\n  key\n\n\nc: 2", 3, "a key without a colon"),
        ("[a]]", 1, "the configuration has ended above"),
        ("a: 1\n...\nb: 2", 3, "the configuration has ended above"),
        ("%YAML 2.0\n---\na: 1", 1, "an instruction to YAML"),
        ("a: |x\n  b", 1, "begins on the next line"),
        ('a: "\\xZZ"', 1, "an escape that is not finished"),
    ],
)
def test_a_mistake_is_told_in_our_words_at_the_line_where_it_stands(monkeypatch, loader, text, line, message):
    monkeypatch.setattr(parse, "_Loader", loader)

    (problem,) = read(text.encode(), file="f").problems

    assert line == problem.line
    assert message in problem.message
    assert problem.hint


@given(st.text(alphabet="ab:-[]{}\"'#&*!|>%@`,?\n\t ~<.0\\x", max_size=40))
def test_no_words_of_the_parser_reach_the_operator(text):
    for problem in read(text.encode(), file="f").problems:
        assert not re.search("did not|could not|but found|<[a-z]", problem.message)
        assert problem.hint


def test_many_values_through_few_aliases_are_refused():
    text = "a: &a [" + "x," * 5000 + "]\nb: [" + "*a," * 50 + "]"

    (problem,) = read(text.encode(), file="f").problems
    assert "more than 100000 values" in problem.message


def test_a_file_above_the_cap_is_refused_unread():
    assert not read(b"#" * MAX_BYTES, file="f").problems
    assert "larger than 1 MiB" in read(b"#" * (MAX_BYTES + 1), file="f").problems[0].message


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}\"'#&*!|>%@`\\,?\n\t $~<.0é", max_size=60).map(str.encode))
def test_any_bytes_give_a_document_or_problems(data):
    document = read(data, file="f")

    assert document.parsed or document.problems


@given(st.text(alphabet="ab:-[]{}\"'#&*!|>,?\n ~<0", max_size=40))
def test_the_loader_without_c_reads_the_same(text):
    with pytest.MonkeyPatch.context() as patch:
        quick = read(text.encode(), file="f")
        patch.setattr(parse, "_Loader", yaml.SafeLoader)
        slow = read(text.encode(), file="f")

    if not (quick.problems or slow.problems):
        assert quick.value == slow.value
