"""Re-serialised bodies are Node's to the byte: against its recorded answers, and live where there is a Node."""

import base64
import hmac
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.ecmascript import DEEPEST, restringify

VECTORS = Path(__file__).parent / "vectors"
SCRIPT = VECTORS / "make_vectors.mjs"

Oracle = Callable[[bytes], bytes | None]


def recorded(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))
    assert len(vectors) > 20
    return vectors


def decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


@pytest.fixture(scope="module")
def node_path() -> str:
    found = shutil.which("node")
    if not found:
        pytest.skip("no node on PATH: its recorded answers were checked, a live comparison was not made")
    return found


@pytest.fixture(scope="module")
def node(node_path: str) -> Iterator[Oracle]:
    """Asks one long-lived Node: a line of base64 each way."""
    command = [node_path, str(SCRIPT), "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        questions, answers = child.stdin, child.stdout

        def ask(text: bytes) -> bytes | None:
            questions.write(base64.b64encode(text) + b"\n")
            questions.flush()
            answer = answers.readline()
            assert answer.endswith(b"\n"), "node died"
            return decoded(None if answer == b"null\n" else answer.decode("ascii").rstrip())

        try:
            yield ask
        finally:
            child.kill()


# ---- JSON texts in odd spellings ------------------------------------------------------------------------------

spaces = st.sampled_from(["", "", "", " ", "\n", "\t", "\r\n "])
numbers = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"-?0\.0{3,11}[0-9]{1,18}", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.integers(-50, 50).map(lambda offset: str(2**53 + offset)),
)
no_numbers = st.sampled_from(["01", "+1", ".5", "1.", "-", "1e", "NaN", "Infinity", "-Infinity", "٣", "0x1", "1n"])
escapes = st.tuples(
    st.integers(0, 0xFFFF) | st.integers(0, 0x7F) | st.integers(0xD800, 0xDFFF), st.sampled_from(["04x", "04X"])
).map(lambda chosen: "\\u" + format(*chosen))
pieces = st.one_of(
    st.characters(exclude_categories=["Cs"], exclude_characters='"\\', min_codepoint=0x20),
    st.sampled_from(["[", "]", "{", "}", ",", ":", "1.0", "12345678901234567", "\u2028", "\x7f", "😀", "\ufeff"]),
    st.sampled_from('"\\/bfnrt').map(lambda letter: "\\" + letter),
    escapes,
)
strings = st.lists(pieces, max_size=8).map(lambda parts: f'"{"".join(parts)}"')
indices = st.integers(0, 20) | st.integers(2**32 - 4, 2**32 + 1) | st.integers(-2, 10**12)
keys = st.one_of(
    indices.map(lambda index: f'"{index}"'),
    st.sampled_from(
        ['"a"', '"b"', '"__proto__"', '"01"', '"\\u0031"', '"1\\u0032"', '"toJSON"', '"1.0"', '"1e3"', '"٣"']
    ),
    strings,
)
scalars = st.one_of(numbers, strings, st.sampled_from(["true", "false", "null", "{}", "[]"]))


def spaced(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(spaces, items, spaces).map("".join)


def nested(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.tuples(spaced(keys), spaced(values)).map(":".join)
    return st.one_of(
        st.lists(spaced(values), max_size=5).map(lambda items: f"[{','.join(items)}]"),
        st.lists(members, max_size=6).map(lambda items: f"{{{','.join(items)}}}"),
    )


texts = spaced(st.recursive(scalars, nested, max_leaves=12)).map(lambda text: text.encode("utf-8"))
nearly_texts = spaced(st.recursive(scalars | no_numbers, nested, max_leaves=6)).map(lambda text: text.encode("utf-8"))


@st.composite
def damaged_texts(draw: st.DrawFn) -> bytes:
    """A JSON text with up to three bytes or pieces lost, replaced, put in or doubled."""
    text = draw(nearly_texts)
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        new = draw(st.sampled_from([b"", b"\xff", b'"', b"\\", b",", b"\x00", b"0", b"\xef\xbb\xbf", text[start:end]]))
        text = text[:start] + new + text[draw(st.sampled_from([start, min(start + 1, len(text)), end])) :]
    return text


# ---- what Node answered once ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", recorded("ecmascript.json"), ids=lambda vector: vector["name"])
def test_every_recorded_answer_of_node_is_given_to_the_byte(vector: dict[str, Any]) -> None:
    text = decoded(vector["text_base64"])
    assert text is not None
    assert restringify(text) == decoded(vector["result_base64"])


@pytest.mark.parametrize("vector", recorded("signatures.json"), ids=lambda vector: vector["name"])
def test_the_vendors_signature_is_that_of_the_reserialised_wire(vector: dict[str, Any]) -> None:
    wire = decoded(vector["wire_base64"])
    assert wire is not None
    signed = restringify(wire)
    assert signed == decoded(vector["body_base64_signed"])
    assert signed is not None
    digest = hmac.digest(vector["key"].encode(), vector["t"].encode() + b"." + signed, "sha256").hex()
    assert vector["header"] == f"t={vector['t']},v1={digest}"


def test_the_signed_vectors_hold_wires_that_reserialising_changes_and_wires_that_it_does_not() -> None:
    changed = [vector["wire_base64"] != vector["body_base64_signed"] for vector in recorded("signatures.json")]
    assert True in changed
    assert False in changed


def test_the_recorded_answers_are_what_node_gives_today(node_path: str, tmp_path: Path) -> None:
    subprocess.run([node_path, str(SCRIPT), str(tmp_path)], check=True, timeout=30)
    for name in ("ecmascript.json", "signatures.json"):
        assert (tmp_path / name).read_bytes() == (VECTORS / name).read_bytes(), name


# ---- what Node answers now --------------------------------------------------------------------------------------

live = settings(derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@settings(live, max_examples=500)
@given(text=texts)
def test_json_in_any_spelling_comes_out_as_node_writes_it(node: Oracle, text: bytes) -> None:
    expected = node(text)
    assert expected is not None
    assert restringify(text) == expected


@settings(live, max_examples=500)
@given(text=damaged_texts() | nearly_texts | st.binary(max_size=20))
def test_damaged_json_is_refused_exactly_where_node_refuses_it(node: Oracle, text: bytes) -> None:
    assert restringify(text) == node(text)


@settings(live, max_examples=300)
@given(inside=st.binary(max_size=12).map(lambda raw: raw.translate(None, b'"\\' + bytes(range(0x20)))))
def test_malformed_utf8_is_replaced_as_node_replaces_it(node: Oracle, inside: bytes) -> None:
    text = b'"' + inside + b'"'
    expected = node(text)
    assert expected is not None
    assert restringify(text) == expected


def test_a_hundred_thousand_numbers_of_every_size_come_out_as_node_writes_them(node: Oracle) -> None:
    random = Random(754)
    doubles = (struct.unpack("<d", random.randbytes(8))[0] for _ in range(50_000))
    spelled = [repr(double) for double in doubles if double - double == 0]
    spelled += [repr(random.choice((1, -1)) * 2 ** random.uniform(-40, 75)) for _ in range(30_000)]
    spelled += [str(random.randrange(-(10 ** random.randrange(15, 24)), 10**23)) for _ in range(10_000)]
    spelled += [repr(float(2) ** power) for power in range(-1074, 1024)]
    spelled += [f"{random.randrange(10**6)}e{random.randrange(-340, 320)}" for _ in range(10_000)]
    text = f"[{','.join(spelled)}]".encode()
    assert restringify(text) == node(text)


# ---- totality ---------------------------------------------------------------------------------------------------


@settings(max_examples=500)
@given(text=st.binary(max_size=60) | damaged_texts())
def test_no_bytes_raise_and_what_comes_out_is_json_that_stays_as_it_is(text: bytes) -> None:
    result = restringify(text)
    if result is not None:
        result.decode("utf-8")
        assert restringify(result) == result


@pytest.mark.parametrize("level", [b"[", b'{"a":', b'[{"1":', b'["[",'])
def test_a_hundred_thousand_levels_are_refused_closed_or_not(level: bytes) -> None:
    closing = b"".join({91: b"]", 123: b"}"}[byte] for byte in reversed(level.replace(b'"["', b"")) if byte in b"[{")
    assert restringify(level * 100_000) is None
    assert restringify(level * 100_000 + b"1" + closing * 100_000) is None


def test_nesting_is_refused_from_one_level_beyond_the_limit() -> None:
    assert restringify(b"[" * DEEPEST + b"]" * DEEPEST) == b"[" * DEEPEST + b"]" * DEEPEST
    assert restringify(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1)) is None
    assert restringify(b'{"1":[{}]}', max_depth=3) == b'{"1":[{}]}'
    assert restringify(b'{"1":[{}]}', max_depth=2) is None
    assert restringify(b"1", max_depth=0) == b"1"
    assert restringify(b"[]", max_depth=0) is None


@pytest.mark.parametrize(
    "wide", ["[[1],[2],[3],[4]]", '["[[[","\\"[[","\\\\",["]"]]', '[{"[":"\\\\\\"{{"},{},{"}":"{"}]']
)
def test_only_nesting_counts_not_brackets_side_by_side_or_inside_strings(wide: str) -> None:
    assert restringify(wide.encode(), max_depth=2) == wide.encode()
    assert restringify(wide.encode(), max_depth=1) is None


def test_a_limit_beyond_the_interpreters_own_gives_none_instead_of_an_overflow() -> None:
    depth = sys.getrecursionlimit() * 2
    text = b"[" * depth + b"]" * depth
    assert restringify(text, max_depth=depth) in (None, text)


@pytest.mark.parametrize(
    "text",
    [
        b"7" * 5000,
        b"[" + b"7" * 100_000 + b"]",
        b"1" + b"0" * 100_000 + b".5e-99999",
        b"0." + b"0" * 100_000 + b"1e100001",
    ],
)
def test_numbers_of_any_length_are_read(text: bytes) -> None:
    assert restringify(text) in (b"null", b"[null]", b"10", b"1")


@pytest.mark.parametrize(
    ("literal", "written"),
    [
        ("1e-4", "0.0001"), ("99.99999999999999e-6", "0.00009999999999999999"), ("15e-6", "0.000015"),
        ("1e-6", "0.000001"), ("9.99999e-7", "9.99999e-7"), ("1.0000000000000003e-9", "1.0000000000000003e-9"),
        ("1e-9", "1e-9"), ("9.999999999999999e-10", "9.999999999999999e-10"), ("5e-324", "5e-324"), ("-0.0", "0"),
        ("-1.23e-5", "-0.0000123"), ("-1e-6", "-0.000001"), ("-9.9e-7", "-9.9e-7"), ("-1e-9", "-1e-9"),
        ("-99e-11", "-9.9e-10"),
    ],
)  # fmt: skip
def test_small_numbers_at_the_borders_of_their_spellings(literal: str, written: str) -> None:
    """As Node writes them."""
    assert written.encode() == restringify(literal.encode())
