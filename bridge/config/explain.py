"""Explain: pydantic's errors as problems an operator can act on. Part of the third step of `load`.

It adds the place in the file and what was probably meant, and keeps values out of every text.
"""

import re
from collections.abc import Container, Iterable
from typing import Any

from pydantic import ValidationError

from bridge.config.declared import forms_at, keys_at
from bridge.config.document import MAX_REPORTED, Document, Path, spoken, word_of
from bridge.config.fields import meant
from bridge.core.text import nearest
from bridge.errors import Problem

_LONGEST = 400

_A_MAPPING = ("this must be a mapping", "write key: value lines under it, a space after each colon")
_A_LIST = ("this must be a list", "write [a, b], or lines that begin with a dash")
_A_TEXT = ("this must be a text", "put quotes around it")
_A_WHOLE_NUMBER = ("this must be a whole number", "write digits only, without quotes")

# pydantic's kind of error -> what is wrong, what to write.
_SHAPES = {
    "model_type": _A_MAPPING,
    "model_attributes_type": _A_MAPPING,
    "dict_type": _A_MAPPING,
    "mapping_type": _A_MAPPING,
    "list_type": _A_LIST,
    "tuple_type": _A_LIST,
    "set_type": _A_LIST,
    "frozen_set_type": _A_LIST,
}
_KINDS = {
    "string_type": _A_TEXT,
    "string_sub_type": _A_TEXT,
    "bool_type": ("this must be true or false", "write it in small letters, without quotes"),
    "int_type": _A_WHOLE_NUMBER,
    "int_from_float": _A_WHOLE_NUMBER,
    "float_type": ("this must be a number", "write it as 5 or 0.5"),
}
_BOUNDS = {
    "greater_than_equal": ("this must be at least", "ge"),
    "less_than_equal": ("this must be at most", "le"),
    "greater_than": ("this must be more than", "gt"),
    "less_than": ("this must be less than", "lt"),
    "too_long": ("this list may hold at most", "max_length"),
    "too_short": ("this list must hold at least", "min_length"),
}


class Explained:
    """The problems behind pydantic's errors, and the paths whose values no excerpt may show."""

    def __init__(self, document: Document, *, secrets: Iterable[str] = ()) -> None:
        self.document = document
        self.secrets = sorted((text for text in secrets if len(text) > 2), key=len, reverse=True)
        self.problems: list[Problem] = []
        self.doubtful: set[Path] = set()

    def add(
        self, error: ValidationError, kind: Any, *, value: Any, within: Path = (), kinds: Container[str] | None = None
    ) -> None:
        """Explains the errors (of these kinds) of checking `value`, which stands at `within`, as a `kind`."""
        told = error.errors(include_url=False, include_input=False)
        errors = (part for one in told if kinds is None or one["type"] in kinds for part in _parts(one))
        found = [(self.path(one, within), one) for one in errors]
        misspelt = self.misspelt(found, kind, value, within)
        for path, one in found[:MAX_REPORTED]:
            if self.document.is_broken(path) or path in misspelt or self.is_half(path, one["type"]):
                continue
            self.problems.append(self.explain(path, one, kind, value, within))
        if len(found) > MAX_REPORTED:
            more, last = f"and {len(found) - MAX_REPORTED} more problems", found[MAX_REPORTED][0]
            self.problems.append(self.document.problem(more, path=last, hint="is it the right file?", key=True))
        for path, one in found:
            if one["type"] == "extra_forbidden" or (one["type"] in _SHAPES and len(path) <= 2):
                self.doubtful.add(path)  # what stands there may be anything, also settings

    def path(self, one: Any, within: Path) -> Path:
        """The path in the file: without the names of union branches and of wrapped texts."""
        path = within
        steps = (*one["loc"], *(one.get("ctx") or {}).get("at", ()))
        for n, step in enumerate(steps, 1):
            child = (*path, step)
            is_there = child in self.document.keys or child in self.document.values
            if is_there or (one["type"] == "missing" and n == len(steps)):
                path = child
        return path

    def is_half(self, path: Path, kind: str) -> bool:
        """Whether a key that could not be read may be what is missing here."""
        return path in self.document.half or (kind == "missing" and path[:-1] in self.document.half)

    def misspelt(self, found: list[tuple[Path, Any]], kind: Any, value: Any, within: Path) -> set[Path]:
        """Missing keys that stand there under a wrong name: told once, at that name."""
        missing = {path for path, one in found if one["type"] == "missing"}
        result: set[Path] = set()
        for path, one in found[:MAX_REPORTED]:
            if one["type"] == "extra_forbidden" and missing:
                known, _ = keys_at(kind, path[len(within) : -1], value=value)
                near = nearest(word_of(str(path[-1])), known)
                result |= {(*path[:-1], near)} if near else set()
        return result & missing

    def explain(self, path: Path, one: Any, kind: Any, value: Any, within: Path) -> Problem:
        if one["type"] == "missing":
            return self.missing(path)
        if one["type"] == "extra_forbidden":
            known, others = keys_at(kind, path[len(within) : -1], value=value)
            return self.unknown(path, known, others)
        if one["type"] == "form":
            known, others = keys_at(kind, path[len(within) :], value=value)
            forms = sorted(known | others) or forms_at(kind, path[len(within) :], value=value)
            return self.document.problem(one["msg"], path=path, hint=f"write one of: {', '.join(forms)}")
        message, hint = self.words(path, one)
        return self.document.problem(message, path=path, hint=hint, key=one["loc"][-1:] == ("[key]",))

    def missing(self, path: Path) -> Problem:
        if path in self.document.keys:
            hint = "write it after the colon, or indented below"
            return self.document.problem("this has no value", path=path, hint=hint, key=True)
        hint = "write version: 1 at the top" if path == ("version",) else f"add {path[-1]}: … here"
        return self.document.problem(f"'{path[-1]}' is missing", path=path, hint=hint, key=True)

    def unknown(self, path: Path, known: set[str], others: set[str]) -> Problem:
        key, shown = word_of(str(path[-1])), spoken(str(path[-1]))
        if key in others:
            message, hint = f"'{shown}' cannot stand beside the other keys here", "keep one form"
        else:
            message, hint = f"unknown key '{shown}'", meant(key, known)
        if hint.startswith("one of"):
            hint = f"known here: {hint.removeprefix('one of: ')}"
        return self.document.problem(message, path=path, hint=hint, key=True)

    def words(self, path: Path, one: Any) -> tuple[str, str]:
        name, context = one["type"], one.get("ctx") or {}
        if name == "bridge":
            return context["message"], context["hint"]
        if name == "settings":
            return self.scrub(context["message"]), self.scrub(context["hint"])
        if path in self.document.values and self.is_empty(path):
            return "this has no value", "write one, or remove the key"
        if name in _SHAPES:
            return self.shape(path, *_SHAPES[name])
        if name in _KINDS:
            return _KINDS[name]
        if name in _BOUNDS:
            words, bound = _BOUNDS[name]
            return f"{words} {context[bound]}", ""
        if name == "literal_error":
            return self.literal(path, context["expected"])
        if name in ("value_error", "assertion_error"):
            return self.scrub(str(context.get("error", one["msg"]))), ""
        return self.scrub(one["msg"]), ""

    def shape(self, path: Path, message: str, hint: str) -> tuple[str, str]:
        """For a list in place of a mapping, and the other way round, what to do with its lines."""
        if (message, hint) == _A_MAPPING and (*path, 0) in self.document.values:
            return message, "take the dashes away: write key: value lines"
        if (message, hint) == _A_LIST and any(key[:-1] == path for key in self.document.keys):
            return message, "begin each entry with a dash, such as - name: …"
        return message, hint

    def literal(self, path: Path, expected: str) -> tuple[str, str]:
        options = re.findall(r"'([^']*)'", expected)
        hint = meant(self.document.written.get(path, ""), options) if options else ""
        return f"this must be {expected.replace(chr(39), '')}", hint if hint.startswith("did") else ""

    def is_empty(self, path: Path) -> bool:
        place = self.document.values[path]
        return not self.document.written.get(path, "x") and (place.line, place.column) == (
            place.end_line,
            place.end_column,
        )

    def scrub(self, text: str) -> str:
        """A text that others wrote, without the secrets that it may quote."""
        for secret in self.secrets:
            text = text.replace(secret, "***").replace(repr(secret)[1:-1], "***")
        return text[:_LONGEST]


def _parts(one: Any) -> list[Any]:
    """The error; where a check told several in one, those."""
    if one["type"] not in ("settings", "faults"):
        return [one]
    return [
        {
            "type": "settings" if one["type"] == "settings" else "bridge",
            "loc": (*one["loc"], *wrong.at, *(("[key]",) if wrong.in_key else ())),
            "ctx": {"message": wrong.message, "hint": wrong.hint},
        }
        for wrong in one["ctx"]["wrong"]
    ]
