"""Excerpts: the source line of each problem, with everything that is or may be a secret blotted out.

Last step of `load`. Columns stay true, so that the caret still points at the mistake.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace

from bridge.config.document import Document, Path, Place, public_part
from bridge.core.expression.names import GROUPS, NAMES
from bridge.core.filters import FILTERS
from bridge.errors import Problem

_LONGEST = 160
_KEY = re.compile(r"\s*(?:[A-Za-z0-9_-]{1,40}:(?=\s|$))?")
_VARIABLE = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*(:-)?\}|file:[/.][A-Za-z0-9_./-]*)?")
_LOGIN = re.compile(r"([a-z]+://)?([^\s'\"]*:[^\s'\"]*)(?=@)")  # in a URL, the user and password …
_QUERY = re.compile(r"(://[^\s?'\"]*\?)([^\s'\"]+)")  # … and the query, which may hold a key
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_VALUE = re.compile(r"[^\s\[\]{}\"':]")  # in a line that cannot be parsed, only its structure is shown …
_OF_LANGUAGE = re.compile(rf"(\b(?:{'|'.join({*NAMES, *GROUPS, *FILTERS})})\b|[|().])")  # … and words of an expression


def with_excerpts(problems: Iterable[Problem], document: Document, *, secret: set[Path]) -> list[Problem]:
    """The problems, each with its line of the file; values at or below a `secret` path are blotted out."""
    places = [place for path, place in document.values.items() if _below(path, secret) and _may_tell(path, document)]
    rests = [_rest(path, place) for path, place in document.keys.items() if public_part(str(path[-1])) != path[-1]]
    problems = list(problems)
    numbers = sorted({one.line for one in problems if 1 <= one.line <= len(document.lines)})
    hidden = _by_line(numbers, (*document.hidden, *places, *rests))
    scalars = (place for path, place in document.values.items() if path in document.written)
    known = _by_line(numbers, (*document.hidden, *document.keys.values(), *scalars))
    lines = {number: _shown(document, number, hidden[number], known[number]) for number in numbers}
    return [replace(one, excerpt=lines.get(one.line, "")) if one.column <= _LONGEST else one for one in problems]


def _by_line(numbers: list[int], places: Iterable[Place]) -> dict[int, list[Place]]:
    """For each of the line numbers (sorted), the places that touch it."""
    found: dict[int, list[Place]] = {number: [] for number in numbers}
    for place in places:
        for number in numbers[bisect_left(numbers, place.line) : bisect_right(numbers, place.end_line)]:
            found[number].append(place)
    return found


def _below(path: Path, secret: set[Path]) -> bool:
    return any(path[:length] in secret for length in range(len(path) + 1))


def _may_tell(path: Path, document: Document) -> bool:
    """Whether a secret can stand there: a text other than a mere ${VAR}, or a mapping in place of a text."""
    if path in document.written:
        return not _VARIABLE.fullmatch(document.written[path])
    return (*path, 0) not in document.values  # of a list, only the entries are blotted out


def _rest(path: Path, place: Place) -> Place:
    """The part of a key that may be a value; of one in quotes, it begins a character sooner."""
    return replace(place, column=place.column + len(public_part(str(path[-1]))))


def _shown(document: Document, number: int, hidden: list[Place], known: list[Place]) -> str:
    text = document.lines[number - 1]
    if document.parsed:
        for place in hidden:
            text = _blot(text, *_columns(place, number, text))
        text = _without_comment(text, [_columns(place, number, text) for place in known])
        text = _QUERY.sub(_starred, _LOGIN.sub(_starred, text))
    else:
        end = _KEY.match(text).end()  # type: ignore[union-attr]  # it matches every text
        before, braces, expression = text[end:].partition("{{")
        words = _OF_LANGUAGE.split(expression)  # every second one is the language's own
        text = (
            text[:end]
            + _stars(before)
            + braces
            + "".join(word if number % 2 else _stars(word) for number, word in enumerate(words))
        )
    return text[:_LONGEST].replace("\t", " ").rstrip()


def _starred(match: re.Match[str]) -> str:
    return (match[1] or "") + _stars(match[2])


def _stars(text: str) -> str:
    return _VALUE.sub("*", text)


def _columns(place: Place, number: int, text: str) -> tuple[int, int]:
    """The part of the line that the place covers, counted from 0."""
    start = place.column - 1 if number == place.line else len(text) - len(text.lstrip())
    return start, place.end_column - 1 if number == place.end_line else len(text)


def _blot(text: str, start: int, end: int) -> str:
    return text[:start] + "*" * (end - start) + text[end:] if start < end else text


def _without_comment(text: str, known: list[tuple[int, int]]) -> str:
    """The line up to its comment, which may hold an old secret, or one with a # in it that was not quoted."""
    for match in _COMMENT.finditer(text):
        if not any(start <= match.end() - 1 < end for start, end in known):
            return text[: match.end() - 1]
    return text
