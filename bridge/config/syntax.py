"""Syntax: what to tell an operator whose file is no YAML. Part of parsing; knows the parser's words.

It must never quote the file: the line that cannot be read may hold a secret.
"""

import re
from typing import Any

from bridge.errors import Problem

MAX_REPORTED = 20

# The characters that YAML allows (1.1, chapter 5.1), turned round.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INDENT = re.compile(r"[ ]*\t[ \t]*")
_QUOTED = re.compile(r"'[^']{2,}'|\"[^\"]{2,}\"")

# The parser's own words -> ours: what is wrong, what to do.
_ADVICE = {
    "mapping values are not allowed": (
        "a second colon, or a line that is indented too far",
        "put quotes around a text that holds ': '; line up keys of the same level",
    ),
    "unexpected end of stream": (
        "a quotation mark opens here or above and is never closed",
        'close it; a quotation mark inside a text is written \\"',
    ),
    "did not find expected ',' or": (
        "the bracket that opens here is not closed, or a comma is missing",
        'close it; put quotes around texts inside brackets, also "${VAR}"',
    ),
    "did not find expected '-'": ("the list ends unexpectedly", "line up its dashes"),
    "expected key": (
        "this line does not fit the lines around it",
        "line up keys of the same level; quote a text that goes on after a quotation mark or bracket",
    ),
    "could not find expected ':'": ("a key without a colon", "write key: value, with a space after the colon"),
    "alphabetic or numeric": ("a text that begins with & or *", "put quotes around it"),
    "tag": ("a text that begins with !", "put quotes around it"),
    "nesting depth": ("brackets or lists inside each other, too deep", "is a bracket not closed?"),
    "expected node content": ("a value or a closing bracket is missing", "close what opens here"),
    "unknown escape character": (
        "a backslash in double quotes begins an escape that YAML does not know",
        "use single quotes, or write \\\\",
    ),
}


def explain_syntax(error: Any, lines: list[str], *, file: str) -> list[Problem]:
    """The problems behind a parser's error: one, or one for each line that is indented with a tab."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return [Problem("the file is not valid YAML", file=file)]
    row = min(mark.line, len(lines) - 1)
    if _is_tab(lines[row], mark.column):
        rows = [n for n, line in enumerate(lines) if _INDENT.match(line)][:MAX_REPORTED]
        return [_tab(lines[n], n + 1, file=file) for n in rows]
    message, hint = _advice(error, lines[row], mark.column)
    return [Problem(message, file=file, line=row + 1, column=mark.column + 1, hint=hint)]


def control_characters(lines: list[str], *, file: str) -> list[Problem]:
    """A problem for each character that YAML does not allow, such as NUL."""
    found = (
        (row, match.start(), ord(match[0])) for row, line in enumerate(lines, 1) for match in _CONTROL.finditer(line)
    )
    return [
        Problem(
            f"the invisible character U+{code:04X} may not stand in a YAML file",
            file=file,
            line=row,
            column=start + 1,
            hint="remove it, or write it as an escape in double quotes",
        )
        for (row, start, code), _ in zip(found, range(MAX_REPORTED), strict=False)
    ]


def _is_tab(line: str, column: int) -> bool:
    match = _INDENT.match(line)
    return bool(match and column <= match.end())


def _tab(line: str, row: int, *, file: str) -> Problem:
    column = line.index("\t") + 1
    return Problem("a tab cannot indent YAML", file=file, line=row, column=column, hint="use spaces")


def _advice(error: Any, line: str, column: int) -> tuple[str, str]:
    words = str(getattr(error, "problem", "") or "")
    character = line[column : column + 1]
    if "{{" in line and re.search(r"[:\-]\s+\{\{", line):
        return "{{ … }} without quotes is read as a YAML mapping", 'put quotes around it: "{{ … }}"'
    if "cannot start any token" in words and character and character in "@`%|>":
        return f"a text cannot begin with {character}", "put quotes around it"
    for known, advice in _ADVICE.items():
        if known in words:
            return advice
    return f"the file is not valid YAML: {_QUOTED.sub('…', words)}", ""
