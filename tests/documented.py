"""Documented: the tables of the docs that are made from declarations. `python -m tests.documented` (`make docs`) writes
them; a test says when they are not current.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from bridge.config.described import settings_of
from bridge.config.json_schema import COERCED, DURATION, RATE, VARIABLE, json_schema
from bridge.config.schema import Tree
from bridge.config.settings import MAPPINGS, bare
from bridge.core.expression import NAMES
from bridge.core.filters import FILTERS
from bridge.core.presets import PRESETS, Preset
from bridge.plugins import load

DOCS = Path(__file__).parent.parent / "docs"

_HEAD = ("key", "what it is", "default", "what it is for")
_FEW = 8  # words that a cell can list
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
}
_WORDED = dict.fromkeys((str(VARIABLE["pattern"]), *COERCED.values()), "") | {  # a variable is no kind of its own
    str(DURATION["pattern"]): "duration",
    str(RATE["pattern"]): "rate",
}


def tables() -> dict[Path, dict[str, str]]:
    """The tables between `<!-- begin NAME -->` and `<!-- end NAME -->`, by file and name."""
    names = _rows(("name", "what"), ((f"`{name}`", what) for name, what in NAMES.items()))
    filters = _rows(
        ("filter", "what it gives", "example", "comes to"),
        ((f"`{one.name}`", one.summary, f"`{one.example}`", f"`{one.gives}`") for one in FILTERS.values()),
    )
    return {
        DOCS / "mapping.md": {"names": names, "filters": filters},
        DOCS / "configuration.md": {"keys": "\n".join(_sections()), "http": _settings()},
        DOCS / "sources.md": {"presets": _presets()},
    }


def written(text: str, parts: dict[str, str]) -> str:
    """The text with these parts in it."""
    for name, rows in parts.items():
        marks = rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        assert re.search(marks, text, re.DOTALL), f"no place for {name}"
        text = re.sub(marks, lambda found, rows=rows: found[1] + rows + found[2], text, flags=re.DOTALL)
    return text


def _sections() -> Iterator[str]:
    """A heading and a table for each mapping of the file, in the order in which one meets them."""
    schema = json_schema(connectors={}, plugins={})
    for part, path in _parts(Tree, "", set()):
        declared = schema if part is Tree else schema["$defs"][part.__name__]
        keys = declared["properties"]
        rows = (
            (f"`{name}`", _kind(keys[name]), _default(one), one.description or "")
            for name, one in part.model_fields.items()
        )
        yield f"### {f'`{path}`' if path else 'The file'}\n\n{_rows(_HEAD, rows)}"


def _parts(kind: Any, path: str, seen: set[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], str]]:
    """Every mapping that the kind has in it, each once, with the way to it."""
    kind = bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            yield kind, path
            hints = get_type_hints(kind, include_extras=True)
            for name in kind.model_fields:
                yield from _parts(hints[name], f"{path}.{name}".removeprefix("."), seen)
        return
    step = ".*" if get_origin(kind) in (*MAPPINGS, list, tuple) else ""
    for part in get_args(kind):
        yield from _parts(part, f"{path}{step}", seen)


def _settings() -> str:
    found = settings_of(load("http").Settings)  # type: ignore[attr-defined]
    return _rows(
        _HEAD,
        (
            (f"`{one.key}`", one.kind, "needed" if one.required else _code(one.default), one.description)
            for one in found
        ),
    )


def _presets() -> str:
    head = ("preset", "sender", "header", "signed", "time", "hash")
    return _rows(head, (_preset(name, preset) for name, preset in PRESETS.items()))


def _preset(name: str, preset: Preset) -> tuple[str, ...]:
    scheme, time = preset.scheme, preset.scheme.timestamp
    if scheme.proof != "hmac":
        return (f"`{name}`", preset.title, "", "", "", "")
    shape = {
        "plain": f"{scheme.prefix.decode()}…",
        "pairs": f"{scheme.pair.decode()}=…",
        "versions": f"{scheme.version.decode()},…",
    }[scheme.format]
    where = "" if time is None else f"`{time.pair.decode()}`" if time.pair else f"`{time.header}`"
    unit = "" if time is None else {"s": "", "ms": ", ms", "iso": ", ISO"}[time.unit]
    keyed = "" if scheme.key_encoding == "text" else f", {scheme.key_encoding} key"
    return (
        f"`{name}`",
        f"[{preset.title}]({preset.page})" if preset.page else preset.title,
        f"`{scheme.header}: {shape}`",
        f"`{scheme.signed}`" + (" or its `JSON.stringify`" if scheme.reserialised else ""),
        f"{where}{unit}",
        f"{scheme.algorithm} {scheme.encoding}{keyed}",
    )


def _kind(schema: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if "anyOf" in schema:
        words = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(word for word in words if word))
    if "if" in schema:
        return "value or mapping"
    if "enum" in schema:
        words = list(dict.fromkeys(map(str, schema["enum"])))
        return " or ".join(f"`{one}`" for one in words) if len(words) <= _FEW else "text"
    if "$ref" in schema:
        return "condition" if schema["$ref"].endswith("condition") else "mapping"
    if schema.get("type") == "array":
        inner = _kind(schema["items"])
        return f"list of {inner}s" if inner in ("text", "mapping", "secret") else f"list: {inner}"
    if "pattern" in schema:
        return _WORDED.get(str(schema["pattern"]), "text")
    if schema.get("writeOnly"):
        return "secret"
    return _WORDS.get(str(schema.get("type")), "anything")


def _default(one: Any) -> str:
    if one.is_required():
        return "needed"
    value = one.get_default()
    if isinstance(value, BaseModel) or value in (None, [], {}, ""):
        return ""
    if isinstance(value, float) or one.annotation is float:
        return _code(_duration(value))
    if isinstance(value, list):
        return _code(f"[{', '.join(map(_duration, value))}]")
    return _code(str(value).lower() if isinstance(value, bool) else str(value))


def _duration(seconds: float) -> str:
    unit, letter = next((unit, letter) for unit, letter in _UNITS if seconds % unit == 0)
    return f"{seconds / unit:g}{letter}"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    table = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in table)


if __name__ == "__main__":
    for path, parts in tables().items():
        path.write_text(written(path.read_text(), parts))
