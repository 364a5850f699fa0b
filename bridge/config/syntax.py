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

_JOINED = re.compile(r"\s*(?:- +)?[\w-]+:[^\s/]")

_QUOTE = "put quotes around texts with special characters"
_TAG = ("a text that begins with !", "put quotes around it")
_MISFIT = (
    "this line does not fit the lines around it",
    "line up keys of the same level; quote a text that goes on after a quotation mark or bracket",
)
_BLOCK = ("after | or >, the text begins on the next line", "put quotes around a text that begins with | or >")
_INNER_QUOTES = (  # in an expression, of the kind that stands around it
    (re.compile(r'"[^"]*\{\{[^"}]*"\s*[^\s,}\]]'), "a double quote inside double quotes ends the text",
     "in the expression, write single ones: \"{{ content | label('Time') }}\""),
    (re.compile(r"'[^']*\{\{[^'}]*'\s*[^\s,}\]]"), "a single quote inside single quotes ends the text",
     "around the expression, write double ones: \"{{ content | label('Time') }}\""),
)  # fmt: skip
_DIRECTIVE = ("a line that begins with % is an instruction to YAML", "remove it, or put quotes around the text")

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
    "expected key": _MISFIT,
    "could not find expected ':'": ("a key without a colon", "write key: value, with a space after the colon"),
    "alphabetic or numeric": ("a text that begins with & or *", "put quotes around it"),
    "<document start>": (
        "the configuration has ended above, and something follows",
        "is there a bracket too many, or a line of three dots (...)?",
    ),
    "directive": _DIRECTIVE,
    "incompatible yaml": _DIRECTIVE,
    "expected comment or line break": _BLOCK,
    "indentation indicator": _BLOCK,
    "decimal number": (
        "a backslash in double quotes begins an escape that is not finished",
        "use single quotes, or write \\\\",
    ),
    "block end": _MISFIT,
    "tag": _TAG,
    "uri": _TAG,
    "whitespace or line break": _TAG,
    "not allowed": (
        "a list or a key cannot begin here",
        "begin it on a line of its own, or put quotes around the text",
    ),
    "unexpected ':'": ("a colon cannot stand here", "put quotes around the text that holds it"),
    "cannot start any token": ("no text can begin like this", "put quotes around it; between words, use spaces"),
    "nesting depth": ("brackets or lists inside each other, too deep", "is a bracket not closed?"),
    "expected node content": ("a value or a closing bracket is missing", "close what opens here"),
    "unknown escape character": (
        "a backslash in double quotes begins an escape that YAML does not know",
        "use single quotes, or write \\\\",
    ),
}


def explain_syntax(error: Any, lines: list[str], *, file: str) -> list[Problem]:
    """The problems behind a parser's error: one, or one for each line that is indented with a tab."""
    marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
    if "could not find expected ':'" in str(getattr(error, "problem", "")):
        marks.reverse()  # the parser notices it a line after the key
    mark = marks[0] or marks[1]
    if mark is None:
        return [Problem("the file is not valid YAML", file=file, hint=_QUOTE)]
    row = min(mark.line, len(lines) - 1)
    if _is_tab(lines[row], mark.column):
        rows = [n for n, line in enumerate(lines) if _INDENT.match(line)][:MAX_REPORTED]
        return [_tab(lines[n], n + 1, file=file) for n in rows]
    if _is_misfit(error) and (joined := _joined_above(lines, row)) is not None:
        message = "a key without a space after its colon"
        column = len(lines[joined]) - len(lines[joined].lstrip()) + 1
        return [Problem(message, file=file, line=joined + 1, column=column, hint="write key: value")]
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


def _is_misfit(error: Any) -> bool:
    words = str(getattr(error, "problem", "")).lower()
    return any(known in words for known in ("mapping values are not allowed", "expected key", "block end"))


def _joined_above(lines: list[str], row: int) -> int | None:
    """The line before this one that says something, if it is `key:value`: to YAML a text that goes on below."""
    above = next((n for n in range(row - 1, -1, -1) if lines[n].split("#")[0].strip()), None)
    return above if above is not None and _JOINED.match(lines[above]) else None


def _is_tab(line: str, column: int) -> bool:
    match = _INDENT.match(line)
    return bool(match and column <= match.end())


def _tab(line: str, row: int, *, file: str) -> Problem:
    column = line.index("\t") + 1
    return Problem("a tab cannot indent YAML", file=file, line=row, column=column, hint="use spaces")


def _advice(error: Any, line: str, column: int) -> tuple[str, str]:
    words = str(getattr(error, "problem", "") or "").lower()
    character = line[column : column + 1]
    if "{{" in line and re.search(r"[:\-]\s+\{\{", line):
        return "{{ … }} without quotes is read as a YAML mapping", 'put quotes around it: "{{ … }}"'
    for pattern, message, hint in _INNER_QUOTES:
        if pattern.search(line):
            return message, hint
    if "cannot start any token" in words and character and character in "@`%|>":
        return f"a text cannot begin with {character}", "put quotes around it"
    for known, advice in _ADVICE.items():
        if known in words:
            return advice
    return "the file is not valid YAML from here on", _QUOTE
